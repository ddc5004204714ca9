"""Checking the options of masks and boxes, and finding and reading those of each job before the work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeVar

from ....filters.core.parameters import ImageError
from ... import bounded_read
from ...console.messages import counted, flag, reason, shown
from ...digest import blake2b, digest
from ...errors import UsageError
from ...images import formats
from ...streams import STREAM
from ..inputs import is_folder
from ..options import SharedOptions
from ..plan import Job, Target
from ..recipe import Recipe
from . import coco, moving, voc, way, yolo
from .attached import OF_BOXES, OF_MASKS, OF_ONE_IMAGE, AnnotationOptions, Attached
from .boxes import Annotations, Category

SUFFIXES = {"voc": ".xml", "yolo": ".txt"}
"""The suffixes of kinds with one file per image."""
KINDS = "coco", "voc", "yolo"
TRIAL = 1009, 757
"""The image size with which filters are asked how they move pixels."""
MOST_FILL = 65535
Value = TypeVar("Value")


class Requested:
    """The masks and boxes of a call."""

    def __init__(
        self, options: AnnotationOptions, jobs: list[Job], files: Mapping[str, str], collected: Target | None
    ) -> None:
        self.options, self.jobs = options, jobs
        self.files = files
        """All files from which they were read, with descriptions."""
        self.collected = collected
        """The file written for all images together, if there is one."""


def _given(options: SharedOptions, name: str) -> bool:
    return getattr(options, name) != options._field_defaults[name]


def attach(
    recipes: Sequence[Recipe], options: SharedOptions, jobs: list[Job], outputs: Sequence[Target] = ()
) -> Requested:
    """Return the jobs with their masks and boxes; raises UsageError.

    *outputs* are the pictures to which masks and boxes belong, if the jobs write none.
    """
    _check(options)
    for recipe in recipes:
        _check_recipe(recipe, options.boxes is not None)
    outputs = outputs or [_output(job) for job in jobs]
    files: dict[str, str] = {}
    masks = {} if options.masks is None else _masks(options.masks, jobs)
    files |= dict.fromkeys(masks.values(), OF_ONE_IMAGE)
    call, annotations = AnnotationOptions(mask_fill=_whole("mask_fill", options.mask_fill, MOST_FILL)), {}
    own: dict[str, str] = {}
    if options.boxes is not None:
        found = _Found(options, jobs)
        call, annotations, own = found.call(call), found.annotations, found.files
        files |= found.read
    said = repr([getattr(options, name) for name in (*OF_MASKS, *OF_BOXES) if name not in NAMES_OF_FILES])
    attached: list[Job] = []
    for job, output in zip(jobs, outputs, strict=True):
        name = job.input.name
        key = blake2b(said.encode("utf-8", "surrogateescape"))
        for part in (call.kind, call.categories, call.numbers, annotations.get(name)) if annotations else ():
            key.update(repr(part).encode("utf-8", "surrogateescape"))
        targets: dict[str, Target] = {}
        if options.masks_out is not None:
            key.update(_held(masks[name]))
            targets["mask"] = _beside(output, options.masks_out, ".png", formats.FORMATS["png"])
        if call.kind in SUFFIXES and options.boxes_out is not None:
            targets["boxes"] = _beside(output, options.boxes_out, SUFFIXES[call.kind], None)
        beside = Attached(
            masks.get(name),
            annotations.get(name),
            own.get(name),
            targets,
            output.path or "",
            _below(output).as_posix(),
            key.digest(),
        )
        attached.append(job._replace(attached=beside))
    return Requested(call, attached, files, _collected(call))


def _collected(call: AnnotationOptions) -> Target | None:
    """Return the file written for all images together, if there is one."""
    if call.kind == "coco":
        return Target(call.out, None)
    if call.kind == "yolo" and call.are_named:
        return Target(str(PurePath(call.out, yolo.CLASSES)), None, call.out)
    return None


NAMES_OF_FILES = "masks", "masks_out", "boxes", "boxes_out", "classes"
"""The options whose files matter by their contents."""


def _check(options: SharedOptions) -> None:
    for given, needed in (
        ("masks", "masks_out"),
        ("masks_out", "masks"),
        ("mask_fill", "masks"),
        ("boxes", "boxes_out"),
        *((name, "boxes") for name in OF_BOXES[1:]),
    ):
        if _given(options, given) and getattr(options, needed) is None:
            raise UsageError(f"{flag(given)} requires {flag(needed)}")
    what = flag("masks" if options.masks is not None else "boxes")
    if options.in_place:
        raise UsageError(f"{what} cannot be used with --in-place: a repeated call would move them again")
    if options.no_clobber:
        raise UsageError(f"{what} cannot be used with --no-clobber, which mixes old and new files; use --update")
    for name in ("masks", "masks_out"):
        path = getattr(options, name)
        if path == STREAM or path == "":
            raise UsageError(f"{flag(name)} {path!r} does not name a folder")
    if options.masks is not None and not is_folder(options.masks):
        raise UsageError(f"--masks {shown(options.masks)}: no such folder")
    if options.boxes_to is not None and options.boxes_to not in KINDS:
        raise UsageError(f"--boxes-to: {options.boxes_to!r} is not {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if options.boxes_oriented not in ("yes", "no"):
        raise UsageError(f"--boxes-oriented: {options.boxes_oriented!r} is not yes or no")


def _whole(name: str, text: str, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise UsageError(f"{flag(name)}: {text!r} is not a whole number from 0 to {most}")
    return value


def _share(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(f"{flag(name)}: {text!r} is not a number from 0 to 1")
    return value


def way_of(recipe: Recipe, width: int, height: int) -> way.Way:
    """Return how a recipe moves places in an image; raises `ImageError`, UsageError."""
    stages, settings = recipe.stages()
    return way.of(stages, settings.border, width, height)


def _check_recipe(recipe: Recipe, has_boxes: bool) -> None:
    try:
        found = way_of(recipe, *TRIAL)
    except ImageError:  # reported for the images that it concerns
        return
    if why := refusal(found, recipe.name, has_boxes):
        raise UsageError(why)


def refusal(found: way.Way, name: str, has_boxes: bool) -> str:
    """Return why annotations cannot follow the recipe *name*; "" if they can."""
    what = "--boxes" if has_boxes else "--masks"
    if found.refused is not None:
        return f"{what}: positions in the result of {found.refused or name} are not positions in the image"
    if has_boxes and found.copies:
        return "--boxes: this --border duplicates objects, but not their boxes; use constant or nearest"
    return ""


def _output(job: Job) -> Target:
    """Return the output from which the others take their names."""
    if job.variants:
        raise UsageError(f"{job.name}: is a data set; masks and boxes need each image in its own file")
    target = job.targets.get("image")
    if target is None:
        raise UsageError("--masks and --boxes need one picture per image; name it with -o")
    if target.path is None or job.input.name == STREAM:
        raise UsageError("--masks and --boxes need files, not standard input or output")
    if target.numbered is not None:
        raise UsageError("--masks and --boxes need one output per image; use --name without {frame}")
    return target


def _below(output: Target) -> PurePath:
    path = PurePath(output.path or "")
    return PurePath(path.name) if output.folder is None else path.relative_to(PurePath(output.folder))


def _beside(output: Target, folder: str, suffix: str, format: formats.Format | None) -> Target:
    return Target(str(PurePath(folder, _below(output).with_suffix(suffix))), format, folder)


def _masks(folder: str, jobs: Sequence[Job]) -> dict[str, str]:
    """Return the mask of each input by its name."""
    found = {job.input.name: str(PurePath(folder, job.input.place).with_suffix(".png")) for job in jobs}
    missing = [(name, mask) for name, mask in found.items() if not Path(mask).is_file()]
    if missing:
        raise UsageError(f"{shown(missing[0][0])}: has no mask {shown(missing[0][1])}{_and_more(missing)}")
    return found


def _and_more(those: Sequence[Any]) -> str:
    others = counted(len(those) - 1, "other image has", "other images have")
    return f"; {others} none either" if len(those) > 1 else ""


def _held(path: str) -> bytes:
    try:
        return digest(Path(path).read_bytes()).encode()
    except OSError:  # reported when it is read
        return b""


def _file(option: str, path: str, most: int, read: Callable[[bytes], Value]) -> Value:
    """Return what a file holds; raises UsageError."""
    try:
        with open(path, "rb") as file:
            return read(bounded_read.read(file, most))
    except OSError as error:
        raise UsageError(f"{flag(option)} {shown(path)}: {reason(error)}") from None
    except bounded_read.TooLongError as error:
        raise UsageError(f"{flag(option)} {shown(path)}: has more than {error}, the limit") from None
    except ValueError as error:
        raise UsageError(f"{flag(option)} {shown(path)}: {error}") from None


class _Found:
    """The boxes of a call, read."""

    def __init__(self, options: SharedOptions, jobs: Sequence[Job]) -> None:
        self.options = options
        self.path = options.boxes or ""
        self.read: dict[str, str] = {}
        self.files: dict[str, str] = {}
        """The file of each input, if each has its own."""
        self.annotations: dict[str, Annotations] = {}
        """The annotations of each input by name."""
        self.categories: tuple[Category, ...] = ()
        self.beside: Mapping[str, Any] = {}
        self.names = self._names(options.classes) if options.classes is not None else ()
        inputs = {job.input.name: job.input.place for job in jobs}
        if is_folder(self.path):
            self._of_folder(inputs)
        else:
            self._of_document(inputs)

    def call(self, call: AnnotationOptions) -> AnnotationOptions:
        """Return the options for all images; raises UsageError."""
        options = self.options
        out = options.boxes_out or ""
        if out == STREAM:
            raise UsageError(f"--boxes-out {out!r} does not name a file or folder")
        means_file = out.lower().endswith(".json") and not is_folder(out)
        kind = options.boxes_to or ("coco" if means_file else self.kind if self.kind in SUFFIXES else "")
        if not kind:
            raise UsageError(f"--boxes-out {shown(out)}: a folder holds VOC or YOLO; use --boxes-to, or a .json file")
        if kind == "coco" and (is_folder(out) or out.endswith("/") or out in ("", STREAM)):
            raise UsageError(f"--boxes-out {shown(out)}: COCO is one file; name a .json")
        if kind in SUFFIXES and means_file:
            raise UsageError(f"--boxes-out {shown(out)}: {kind.upper()} has a file for each image; name a folder")
        if kind in SUFFIXES and (out == STREAM or (os.path.lexists(out) and not is_folder(out))):
            raise UsageError(f"--boxes-out {shown(out)}: is not a folder")
        if not self.are_named and kind != "yolo":
            raise UsageError(f"--boxes {shown(self.path)}: has classes without names; use --classes FILE")
        return call._replace(
            min_visible=_share("min_visible", options.min_visible),
            swap=self._swaps(),
            are_upright=options.boxes_oriented == "yes",
            kind=kind,
            out=out,
            categories=self.categories,
            numbers=self._numbers(kind),
            are_named=self.are_named,
            beside=self.beside,
        )

    @property
    def are_named(self) -> bool:
        """Whether class names are known."""
        return self.kind != "yolo" or bool(self.names)

    def _swaps(self) -> Mapping[int, tuple[int, Sequence[int]]]:
        if self.options.swap is None:
            return {}
        words = self.options.swap.split(",")
        if len(words) != 2 or not all(words):
            raise UsageError(f"--swap: {self.options.swap!r} is not two words, such as left,right")
        return moving.swaps(self.categories, *words)

    def _numbers(self, kind: str) -> dict[int, int]:
        """Return the numbers of classes after the names of --classes."""
        if kind != "yolo" or self.kind == "yolo" or not self.names:
            return {}
        known = {name: number for number, name in enumerate(self.names)}
        missing = [category.name for category in self.categories if category.name not in known]
        if missing:
            raise UsageError(f"--classes {shown(self.options.classes or '')}: has no {missing[0]!r}")
        return {number: known[category.name] for number, category in enumerate(self.categories)}

    def _of_document(self, inputs: Mapping[str, str]) -> None:
        self.kind = "coco"
        document = _file("boxes", self.path, coco.MOST_BYTES, coco.read)
        self.read[self.path] = "the file of --boxes"
        self.categories, self.beside = document.categories, document.beside
        index, missing, taken = coco.Index(document), list[str](), dict[Any, str]()
        for name, place in inputs.items():
            try:
                image = index.find(name, place)
                if image is None:
                    missing.append(name)
                    continue
                self.annotations[name] = coco.of_image(document, image)
            except ValueError as error:
                raise UsageError(f"--boxes {shown(self.path)}: {error}") from None
            if (other := taken.setdefault(image["id"], name)) != name:
                raise UsageError(f"{shown(name)}: matches the same image of --boxes as {shown(other)}")
        if missing:
            raise UsageError(f"{shown(missing[0])}: is not listed in --boxes {shown(self.path)}{_and_more(missing)}")

    def _of_folder(self, inputs: Mapping[str, str]) -> None:
        files = {
            kind: {name: str(PurePath(self.path, place).with_suffix(suffix)) for name, place in inputs.items()}
            for kind, suffix in SUFFIXES.items()
        }
        there = {
            kind: {name: file for name, file in named.items() if Path(file).is_file()} for kind, named in files.items()
        }
        if all(there.values()):
            raise UsageError(f"--boxes {shown(self.path)}: holds both .xml and .txt files; name a folder with one kind")
        self.kind = next((kind for kind, found in there.items() if found), "")
        if not self.kind:
            first = next(iter(files["voc"].values()))
            both = f"{shown(first)} or {PurePath(first).with_suffix('.txt').name}"
            raise UsageError(f"--boxes {shown(self.path)}: has no files for these images, such as {both}")
        self.files = there[self.kind]
        self.read |= dict.fromkeys(self.files.values(), OF_ONE_IMAGE)
        if self.kind == "voc":
            self._of_voc(inputs)
        else:
            self._of_yolo(inputs)

    def _of_voc(self, inputs: Mapping[str, str]) -> None:
        missing = [name for name in inputs if name not in self.files]
        if missing:
            file = PurePath(self.path, inputs[missing[0]]).with_suffix(".xml")
            raise UsageError(f"{shown(missing[0])}: has no boxes {shown(str(file))}{_and_more(missing)}")
        found = {name: _file("boxes", path, voc.MOST_BYTES, voc.read) for name, path in self.files.items()}
        names = self.names or sorted({name for one in found.values() for name in one.names})
        numbers = {name: number for number, name in enumerate(names)}
        for name, one in found.items():
            if unknown := [word for word in one.names if word not in numbers]:
                where = f"--boxes {shown(self.files[name])}: has the class {unknown[0]!r}"
                raise UsageError(f"{where}, which --classes does not name")
            instances = tuple(
                instance._replace(category=numbers[one.names[instance.category]])
                for instance in one.annotations.instances
            )
            self.annotations[name] = one.annotations._replace(instances=instances)
        self.categories = tuple(Category(name) for name in names)

    def _of_yolo(self, inputs: Mapping[str, str]) -> None:
        if not self.names:
            paths = (Path(self.path, name) for name in yolo.NAMES_FILES)
            found = next((path for path in paths if path.is_file()), None)
            self.names = self._names(str(found)) if found is not None else ()
        for name in inputs:
            path = self.files.get(name)
            # An image without a file has no objects.
            self.annotations[name] = (
                Annotations(is_relative=True) if path is None else _file("boxes", path, yolo.MOST_BYTES, yolo.read)
            )
        most = max((i.category for one in self.annotations.values() for i in one.instances), default=-1)
        if self.names and most >= len(self.names):
            named = f"but only {counted(len(self.names), 'class has a name', 'classes have names')}"
            raise UsageError(f"--boxes {shown(self.path)}: uses class {most}, {named}")
        names = self.names or tuple(map(str, range(most + 1)))
        self.categories = tuple(Category(name) for name in names)

    def _names(self, path: str) -> tuple[str, ...]:
        """Return the names of classes in a file; raises UsageError."""
        is_yaml = path.endswith((".yaml", ".yml"))
        names = _file("classes", path, yolo.MOST_OF_NAMES, lambda data: yolo.names(data, is_yaml))
        if not names or "" in names or len({*names}) < len(names):
            raise UsageError(f"--classes {shown(path)}: must list each class name once")
        self.read[path] = "the names of classes"
        return names
