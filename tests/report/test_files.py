import base64
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageSequence

from generative.report.files import picture


def test_an_animation_has_its_frames_and_fewer_bytes(tmp_path: Path) -> None:
    frames = [Image.effect_noise((64, 64), 50).convert("P") for _ in range(5)]
    file = tmp_path / "animation.gif"
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=200)
    head, _, content = picture(file)["source"].partition(";base64,")
    assert head == "data:image/webp"
    found = base64.b64decode(content)
    assert len(found) < file.stat().st_size
    with Image.open(BytesIO(found)) as animation:
        milliseconds = []
        for frame in ImageSequence.Iterator(animation):
            frame.load()
            milliseconds.append(frame.info["duration"])
    assert milliseconds == [200] * 5
