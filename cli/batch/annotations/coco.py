"""COCO: one JSON file for all images, classes and objects. Data other than boxes, polygons and points are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NoReturn

from ....filters.core.named_tuple import NamedTuple
from .boxes import Annotations, Category, Corners, Instance, Keypoint, area
from .numbers import finite, plain

MOST_BYTES = 1 << 30
"""The greatest published file, of LVIS, has 1.1 · 10⁹ bytes; that of COCO's training images 470 · 10⁶."""
CENTRE = 0.5
"""Keypoints are pixel numbers; the centre of a pixel is half a pixel further."""
PIECES = "images", "annotations", "categories"
NO_RLE = "RLE masks were not kept; their boxes were"


class Document(NamedTuple):
    """A file that was read."""

    categories: tuple[Category, ...]
    images: Sequence[Mapping[str, Any]]
    annotations: Mapping[Any, Sequence[Mapping[str, Any]]]
    """The objects of each image, by its id."""
    numbers: Mapping[Any, int]
    """The class of each id."""
    beside: Mapping[str, Any]
    """Its other data, such as info and licenses."""


def read(data: bytes) -> Document:
    """Return what a file holds; raises ValueError."""
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ValueError("is not JSON in UTF-8") from None
    except RecursionError:
        raise ValueError("is not COCO JSON: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}; for YOLO or VOC, name the folder") from None
    if not isinstance(found, dict) or not isinstance(found.get("images"), list):
        raise ValueError('is not COCO JSON: it has no list "images"')
    images, annotations, categories = (_list(found, piece) for piece in PIECES)
    ids = _by_id(images, "image")
    for number, image in enumerate(images):
        if not isinstance(image.get("file_name"), str):
            raise ValueError(f"image {number} has no file_name")
    numbers = {id: number for number, id in enumerate(_by_id(categories, "category"))}
    of_images: dict[Any, list[Mapping[str, Any]]] = {id: [] for id in ids}
    for number, annotation in enumerate(annotations):
        where = f"annotation {annotation.get('id', number)!r}"
        if not _is_id(annotation.get("image_id")) or annotation["image_id"] not in of_images:
            raise ValueError(f"{where} has no image: there is no image_id {annotation.get('image_id')!r}")
        if "category_id" in annotation and (
            not _is_id(annotation["category_id"]) or annotation["category_id"] not in numbers
        ):
            raise ValueError(f"{where} has no class: there is no category {annotation['category_id']!r}")
        of_images[annotation["image_id"]].append(annotation)
    beside = {name: value for name, value in found.items() if name not in PIECES}
    return Document(tuple(map(_category, categories)), images, of_images, numbers, beside)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"contains {word}, which is not a JSON number")


def _list(document: Mapping[str, Any], piece: str) -> list[dict[str, Any]]:
    found = document.get(piece, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f'is not COCO JSON: "{piece}" is not a list of objects')
    return found


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _by_id(entries: Sequence[Mapping[str, Any]], what: str) -> dict[Any, Mapping[str, Any]]:
    found: dict[Any, Mapping[str, Any]] = {}
    for number, entry in enumerate(entries):
        if not _is_id(id := entry.get("id")):
            raise ValueError(f"{what} {number} has no id")
        if id in found:
            raise ValueError(f"the {what} id {id!r} is used twice")
        found[id] = entry
    return found


def _category(entry: Mapping[str, Any]) -> Category:
    names = entry.get("keypoints", ())
    if not isinstance(entry.get("name"), str):
        raise ValueError(f"category {entry['id']!r} has no name")
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"category {entry['id']!r}: its keypoints are not names")
    return Category(entry["name"], tuple(names), entry)


class Index:
    """Finds the images of a document by the names of files."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._named: dict[str, list[tuple[PurePosixPath, Mapping[str, Any]]]] = {}
        for image in document.images:
            path = PurePosixPath(image["file_name"])
            self._named.setdefault(path.name, []).append((path, image))

    def find(self, name: str, place: str) -> Mapping[str, Any] | None:
        """Return the image of an input *name*, at a *place* below the named folder; raises ValueError.

        Its file_name is the place, or an end of the name, or the only one with this last component.
        """
        alike = self._named.get(PurePosixPath(place).name, [])
        here = PurePosixPath(place)
        if same := [image for path, image in alike if path == here]:
            return _only(same, place)
        parts = PurePosixPath(name).parts
        if ends := [image for path, image in alike if parts[-len(path.parts) :] == path.parts and len(path.parts) > 1]:
            return _only(ends, place)
        return _only([image for _, image in alike], place) if alike else None


def _only(images: Sequence[Mapping[str, Any]], place: str) -> Mapping[str, Any]:
    if len(images) > 1:
        raise ValueError(f"has {len(images)} images that could be {place}; name the folder of their file_name")
    return images[0]


def of_image(document: Document, image: Mapping[str, Any]) -> Annotations:
    """Return the annotations of one image of a document; raises ValueError."""
    instances, notes = [], []
    for annotation in document.annotations[image["id"]]:
        try:
            instances.append(_instance(annotation, document.numbers))
        except ValueError as error:
            raise ValueError(f"annotation {annotation.get('id')!r}: {error}") from None
        if isinstance(annotation.get("segmentation"), dict):
            notes = [NO_RLE]
    size = image.get("width"), image.get("height")
    known = all(isinstance(side, int) and side > 0 for side in size)
    source = dict(image)
    return Annotations(tuple(instances), size if known else None, source=source, notes=tuple(notes))  # type: ignore[arg-type]


def _instance(annotation: Mapping[str, Any], numbers: Mapping[Any, int]) -> Instance:
    return Instance(
        numbers.get(annotation.get("category_id"), -1),
        _box(annotation["bbox"]) if annotation.get("bbox") else None,
        _polygons(annotation.get("segmentation")),
        _keypoints(annotation.get("keypoints") or []),
        area=None if annotation.get("area") is None else finite(annotation["area"]),
        is_crowd=annotation.get("iscrowd") in (1, True),
        # The order of its fields is kept, too.
        source={name: None if name in ("segmentation", "keypoints") else value for name, value in annotation.items()},
    )


def _numbers(found: Any, what: str) -> list[float]:
    if not isinstance(found, list):
        raise ValueError(f"its {what} is not a list of numbers")
    return [finite(value) for value in found]


def _box(found: Any) -> Corners:
    numbers = _numbers(found, "bbox")
    if len(numbers) != 4:
        raise ValueError(f"its bbox has {len(numbers)} numbers; it needs x, y, width and height")
    x, y, width, height = numbers
    if width < 0 or height < 0:
        raise ValueError("its bbox has a negative side")
    return x, y, x + width, y + height


def _polygons(found: Any) -> tuple[list[tuple[float, float]], ...]:
    if not isinstance(found, list):
        return ()
    lists = [_numbers(one, "segmentation") for one in found]
    if any(len(one) % 2 for one in lists):
        raise ValueError("its segmentation has an odd number of coordinates")
    return tuple(list(zip(one[::2], one[1::2], strict=True)) for one in lists if len(one) > 5)


def _keypoints(found: Any) -> tuple[Keypoint, ...]:
    numbers = _numbers(found, "keypoints")
    if len(numbers) % 3:
        raise ValueError(f"its keypoints have {len(numbers)} numbers; each point needs three")
    triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return tuple(Keypoint(x + CENTRE, y + CENTRE, int(seen)) for x, y, seen in triples)


class Entry(NamedTuple):
    """An image to be written."""

    file_name: str
    width: int
    height: int
    annotations: Annotations


def written(
    categories: Sequence[Category], entries: Iterable[Entry], beside: Mapping[str, Any], *, keep_ids: bool
) -> bytes:
    """Return a file of images.

    *beside* are the other data of the file that was read. With *keep_ids* images and objects keep their ids, which
    requires that each occurs once.
    """
    ids = {number: category.source.get("id", number + 1) for number, category in enumerate(categories)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        source = entry.annotations.source if isinstance(entry.annotations.source, dict) else {}
        image_id = source["id"] if keep_ids and "id" in source else number
        new = {"file_name": entry.file_name, "width": entry.width, "height": entry.height}
        images.append({**(source or {"id": image_id}), **new, "id": image_id})
        for instance in entry.annotations.instances:
            own = instance.source if isinstance(instance.source, dict) else {}
            id = own["id"] if keep_ids and "id" in own else len(annotations) + 1
            annotations.append(_annotation(instance, own, id, image_id, ids))
    document = {**beside, "images": images, "annotations": annotations, "categories": _categories(categories, ids)}
    return json.dumps(document, allow_nan=False).encode() + b"\n"


def _categories(categories: Sequence[Category], ids: Mapping[int, Any]) -> list[dict[str, Any]]:
    return [dict(category.source) or {"id": ids[n], "name": category.name} for n, category in enumerate(categories)]


def _annotation(
    instance: Instance, source: Mapping[str, Any], id: Any, image_id: Any, ids: Mapping[int, Any]
) -> dict[str, Any]:
    new: dict[str, Any] = {"id": id, "image_id": image_id}
    if instance.category >= 0:
        new["category_id"] = ids[instance.category]
    if instance.box is not None:
        left, top, right, bottom = map(plain, instance.box)
        new["bbox"] = [left, top, plain(right - left), plain(bottom - top)]
        own = sum(map(area, instance.polygons)) if instance.polygons else (right - left) * (bottom - top)
        new["area"] = plain(own if instance.area is None else instance.area)
        new["iscrowd"] = source.get("iscrowd", int(instance.is_crowd))
    if instance.polygons or "segmentation" in source:
        new["segmentation"] = [[plain(n) for point in polygon for n in point] for polygon in instance.polygons]
    if instance.keypoints or "keypoints" in source:
        new["keypoints"] = [number for point in instance.keypoints for number in _triple(point)]
        new["num_keypoints"] = sum(point.visibility > 0 for point in instance.keypoints)
    return {**source, **new}


def _triple(point: Keypoint) -> tuple[int | float, int | float, int]:
    if not point.visibility:
        return 0, 0, 0
    return plain(point.x - CENTRE), plain(point.y - CENTRE), point.visibility
