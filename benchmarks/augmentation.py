"""Measure augmentation: `python benchmarks/augmentation.py [--quick]`.

In memory, small RGB images are padded and cropped, mirrored, rotated, changed in tone and partly erased, all on one
thread, compared with kornia, which takes them as a batch, and albumentations, which takes one after the other: CPU
microseconds per image. Whole processes make one variant of each photograph of a folder: decoded from 500×375 pixels,
a part scaled to 224×224, mirrored, changed in tone, encoded as JPEG of quality 95, compared with a script with Pillow:
CPU milliseconds per picture. The interpreter named by `--python` imports the peers.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import common
import numpy as np
from common import Row
from imfilter.augment import Augmenter

COUNT, SIDE = 256, 32
STEPS = (
    "crop --size 32 --pad --at -4..4,-4..4",
    "flip --p 0.5",
    "rotate --angle -15..15",
    "tone --brightness 0.6..1.4 --contrast 0.6..1.4 --saturation 0.6..1.4",
    "erase --p 0.5 --area 0.02..0.33 --ratio 0.3..3.3 --place 0..1,0..1",
)
PHOTOGRAPHS = 400
OF_PHOTOGRAPHS = (
    "crop --area 0.08..1 --ratio 3/4..4/3 --place 0..1,0..1",
    "resize --size 224",
    "flip --p 0.5",
    "tone --brightness 0.6..1.4 --contrast 0.6..1.4 --saturation 0.6..1.4",
)

TIMED = f"""
import json, os, sys, time, warnings
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
warnings.simplefilter("ignore")
import numpy as np
images = np.random.default_rng(1).integers(0, 256, ({COUNT}, {SIDE}, {SIDE}, 3), np.uint8)
def timed(function):
    function()
    found = []
    for _ in range(int(sys.argv[1])):
        start = time.thread_time()
        function()
        found.append((time.thread_time() - start) / {COUNT} * 1e6)
    print(json.dumps(found))
"""
KORNIA = f"""{TIMED}
import torch, kornia.augmentation as K
torch.set_num_threads(1)
steps = torch.nn.Sequential(
    K.RandomCrop(({SIDE}, {SIDE}), padding=4), K.RandomHorizontalFlip(p=0.5), K.RandomRotation(15.0, p=1.0),
    K.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), 0.0, p=1.0),
    K.RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3)))
def augmented():
    batch = steps(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)
    return (batch * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
timed(augmented)
"""
ALBUMENTATIONS = f"""{TIMED}
import cv2, albumentations as A
cv2.setNumThreads(0)
steps = A.Compose([
    A.PadIfNeeded({SIDE + 8}, {SIDE + 8}, border_mode=0), A.RandomCrop({SIDE}, {SIDE}), A.HorizontalFlip(p=0.5),
    A.Rotate(15, p=1, border_mode=0), A.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (0, 0), p=1),
    A.CoarseDropout(num_holes_range=(1, 1), hole_height_range=(0.1, 0.5), hole_width_range=(0.1, 0.5), p=0.5)])
timed(lambda: np.stack([steps(image=image)["image"] for image in images]))
"""
PILLOW = """
import math, random, sys
from pathlib import Path
from PIL import Image, ImageEnhance
random.seed(0)
for path in sorted(Path(sys.argv[1]).glob("*.jpg")):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if across <= width and down <= height:
            break
    else:
        across, down = min(width, height), min(width, height)
    x, y = random.randint(0, width - across), random.randint(0, height - down)
    image = image.resize((224, 224), Image.Resampling.BILINEAR, (x, y, x + across, y + down))
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(random.uniform(0.6, 1.4))
    image.save(Path(sys.argv[2], path.name), quality=95, subsampling=0)
"""


def in_memory(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the times for a stack of small images, with those of the peers."""
    images = np.random.default_rng(1).integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)
    names, augmenter = [f"{number}.png" for number in range(COUNT)], Augmenter(*STEPS, seed=7)
    runs = arguments.runs[0] + 2
    for tool, script, bound in (("kornia, a batch", KORNIA, 1), ("albumentations, a loop", ALBUMENTATIONS, 0.3)):
        if arguments.only not in tool:
            continue
        [seconds] = common.in_turn([lambda: augmenter.stack(images, names, jobs=1)], runs, common.time.thread_time)
        command = [arguments.python, "-c", script, str(runs)]
        answer = subprocess.run(command, capture_output=True, text=True)
        theirs = json.loads(answer.stdout) if answer.returncode == 0 else []
        yield Row("five steps of 32×32, µs an image", tool, [second / COUNT * 1e6 for second in seconds], theirs, bound)


def processor_seconds(command: list[str]) -> float:
    """Run a command, and return its CPU time; raises SystemExit if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if subprocess.run(command, capture_output=True).returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def folders(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the times of whole processes over a folder of photographs, with those of a script with Pillow."""
    with tempfile.TemporaryDirectory() as folder:
        given, ours, theirs = (Path(folder, name) for name in ("given", "ours", "theirs"))
        given.mkdir()
        theirs.mkdir()
        whole = common.photograph(1000, 750)
        random = np.random.default_rng(0)
        for number in range(PHOTOGRAPHS):
            x, y = int(random.integers(0, 501)), int(random.integers(0, 376))
            whole.crop((x, y, x + 500, y + 375)).save(given / f"{number:04}.jpg", quality=90)
        for cores in ("1", "2"):
            own = [arguments.imfilter, "augment", str(given), "-o", f"{ours}-{cores}/", "-j", cores]
            own += ["--quality", "95", *OF_PHOTOGRAPHS]
            other = [arguments.python, "-c", PILLOW, str(given), str(theirs)]
            found: tuple[list[float], list[float]] = ([], [])
            for _ in range(arguments.runs[1] + 2):
                for command, times in zip((own, other), found, strict=True):
                    times.append(processor_seconds(command) / PHOTOGRAPHS * 1e3)
            bound = 1.2 if cores == "1" else None
            yield Row("photographs to 224×224, ms a picture", f"Pillow, a loop; -j {cores}", *found, bound)


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows."""
    yield from in_memory(arguments)
    if arguments.only in "Pillow":
        yield from folders(arguments)


if __name__ == "__main__":
    common.compare("augmentation", __doc__, measure, "images of 32×32 in RGB, and photographs of 500×375")
