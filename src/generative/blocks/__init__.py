"""The blocks of params.yaml: a name, or a section with a block for every member, and its schema."""

BLOCKS = {
    "runtime": "generative.blocks.runtime:Runtime",
    "prepare.*": "generative.blocks.prepare:Prepare",
    "train.*": "generative.blocks.train:Train",
    "tune.*": "generative.blocks.tune:Tune",
    "style.*": "generative.blocks.style:Style",
    "ensemble": "generative.blocks.ensemble:Judge",
    "calibrate": "generative.blocks.images:Calibrate",
    "evaluate.classifiers": "generative.blocks.classifiers:EvaluateClassifiers",
    "evaluate.images": "generative.blocks.images:EvaluateImages",
    "evaluate.likelihood": "generative.blocks.likelihood:EvaluateLikelihood",
    "evaluate.pictures": "generative.blocks.images:EvaluatePictures",
    "render.adversarial": "generative.blocks.adversarial:RenderAdversarial",
    "render.classifiers": "generative.blocks.classifiers:RenderClassifiers",
    "render.likelihood": "generative.blocks.likelihood:RenderLikelihood",
    "render.objectives": "generative.blocks.adversarial:RenderObjectives",
}
