"""The networks of the functional API. A key is a file name here and a block of `params.yaml`."""

TOPOLOGIES = {
    "ensemble": "generative.topologies.ensemble:Ensemble",
    "functional": "generative.topologies.functional:Functional",
    "inception": "generative.topologies.inception:Inception",
    "passage": "generative.topologies.passage:Passage",
    "question_answering": "generative.topologies.question_answering:QuestionAnswering",
    "residual": "generative.topologies.residual:Residual",
    "separable": "generative.topologies.separable:Separable",
    "sequential": "generative.topologies.sequential:Sequential",
    "siamese": "generative.topologies.siamese:Siamese",
    "stereo": "generative.topologies.stereo:Stereo",
}
