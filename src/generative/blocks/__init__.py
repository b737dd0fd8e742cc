"""The blocks of params.yaml: a name, or a section with a block for every member, and its schema."""

BLOCKS = {
    "runtime": "generative.blocks.runtime:Runtime",
    "prepare.*": "generative.blocks.prepare:Prepare",
    "train.*": "generative.blocks.train:Train",
    "repeat.*": "generative.blocks.disentangled:Repeat",
    "tune.*": "generative.blocks.tune:Tune",
    "ensemble": "generative.blocks.ensemble:Judge",
    "calibrate": "generative.blocks.images:Calibrate",
    "evaluate.classifiers": "generative.blocks.classifiers:EvaluateClassifiers",
    "evaluate.images": "generative.blocks.images:EvaluateImages",
    "evaluate.infogan": "generative.blocks.disentangled:EvaluateInfogan",
    "evaluate.likelihood": "generative.blocks.likelihood:EvaluateLikelihood",
    "evaluate.pictures": "generative.blocks.images:EvaluatePictures",
    "evaluate.stackedgan": "generative.blocks.disentangled:EvaluateStackedgan",
    "evaluate.text": "generative.blocks.text:EvaluateText",
    "render.adversarial": "generative.blocks.adversarial:RenderAdversarial",
    "render.classifiers": "generative.blocks.classifiers:RenderClassifiers",
    "render.interactive": "generative.blocks.disentangled:RenderInteractive",
    "render.likelihood": "generative.blocks.likelihood:RenderLikelihood",
    "render.objectives": "generative.blocks.adversarial:RenderObjectives",
    "render.text": "generative.blocks.text:RenderText",
}
