"""The requests of the page, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ...filters.core import catalog
from ...filters.core.named_tuple import NamedTuple
from ..batch import cpu_count
from ..batch.recipe import Recipe
from ..batch.recipe_file import as_toml
from ..console.messages import shown
from ..errors import UsageError
from ..version import VERSION
from . import call, forms, kernel_grid, preview, view
from .call import RequestError, Step
from .pictures import Pictures
from .preview import Result
from .turns import Turns
from .view import View


class Answer(NamedTuple):
    """The answer to a request."""

    told: Any
    """The content of the JSON."""
    picture: bytes = b""
    """A PNG; the JSON then goes in a header."""


class Session:
    """Answers one page, or several."""

    def __init__(self, pictures: Pictures, steps: Sequence[Step] = (), files: Collection[str] = ()) -> None:
        """*steps* are those of an opened recipe, *files* the files that it names."""
        self.pictures, self.steps = pictures, steps
        self.allowed = frozenset((*pictures.names, *files))
        self.turns = Turns()
        self._last: tuple[Any, Result] | None = None
        """The last result and its request: moving the view asks for the same again."""
        self.routes: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "/start": self._start,
            "/form": self._form,
            "/preview": self._preview,
            "/recipe": self._recipe,
            "/kernel": self._kernel,
            "/alive": lambda asked: Answer({}),
        }

    def _start(self, asked: dict[str, Any]) -> Answer:
        return Answer(
            {
                "version": VERSION,
                "filters": [{"name": name, "summary": catalog.summary(name)} for name in catalog.names()],
                "pictures": [shown(name) for name in self.pictures.names],
                "steps": [{"filter": step.filter, "options": step.options} for step in self.steps],
            }
        )

    def _form(self, asked: dict[str, Any]) -> Answer:
        name = asked.get("filter")
        if name not in catalog.names():
            raise RequestError("filter: is unknown")
        return Answer(forms.form(catalog.load(str(name)), self.pictures.names))

    def _number(self, asked: dict[str, Any]) -> int:
        return _whole(asked, "picture", 0, len(self.pictures.names) - 1)

    def _asked_recipe(self, asked: dict[str, Any]) -> tuple[list[Step], Recipe | None]:
        """Return the steps and, if there are any, their recipe; raises UsageError."""
        steps = call.steps_of(asked.get("steps"))
        return steps, call.recipe_of(steps, self.allowed) if steps else None

    def _recipe(self, asked: dict[str, Any]) -> Answer:
        _, recipe = self._asked_recipe(asked)
        if recipe is None:
            raise UsageError("no steps; add a filter")
        return Answer({"text": as_toml(recipe)})

    def _kernel(self, asked: dict[str, Any]) -> Answer:
        text = asked.get("kernel")
        if not isinstance(text, str):
            raise RequestError("kernel: is not text")
        return Answer(kernel_grid.grid(text, self.allowed))

    def _preview(self, asked: dict[str, Any]) -> Answer:
        number, lane = self._number(asked), asked.get("lane")
        if not isinstance(lane, str):
            raise RequestError("lane: is not text")
        with self.turns.turn(lane) as watched:
            return self._looked_at(number, asked, watched)

    def _looked_at(self, number: int, asked: dict[str, Any], watched: Callable[[], None]) -> Answer:
        steps, recipe = self._asked_recipe(asked)
        look = _view(asked.get("view"))
        opened, name = self.pictures.open(number), self.pictures.names[number]
        told: dict[str, Any] = {"command": "", "file": ""}
        if recipe is None:
            result = preview.of_picture(opened.picture)
        else:
            output = str(asked.get("output", "image"))
            if output != "image" and output not in recipe.last.filter.spec.maps:
                output = "image"  # the step of the other output is gone
            path = preview.file_name(recipe, opened, name, output)
            key = number, self.pictures.states[number], output, recipe.key()
            if self._last is None or self._last[0] != key or not self._last[1].has(look):
                self._last = None  # free its memory
                self._last = key, preview.result(recipe, opened, name, output, path, look, watched)
            result = self._last[1]
            told = {"command": call.command(steps, name, opened.frame, output, path), "file": path, "output": output}
        watched()
        return self._answer(result, look, _whole(asked, "band", 0, 1 << 24), told)

    def _answer(self, result: Result, look: View, band: int, told: dict[str, Any]) -> Answer:
        part = look.part(*result.size)
        rows, columns = slice(part.top, part.top + part.height), slice(part.left, part.left + part.width)
        alpha = None if result.alpha is None else result.alpha[rows, columns]
        found = view.shown(result.samples[rows, columns], alpha, result.colours, result.white, result.samples, band)
        told |= {
            "part": part._asdict(),
            "width": result.size[0],
            "height": result.size[1],
            "said": found.said,
            "bands": result.bands,
            "outputs": result.outputs,
            "notes": result.notes,
            "seconds": result.seconds,
        }
        return Answer(told, view.encoded(view.reduced(found, part.reduce), result.metadata, cpu_count.cores(None)))


def _whole(asked: dict[str, Any], name: str, least: int, most: int) -> int:
    """Return a whole number of a request; raises RequestError."""
    value = asked.get(name, 0)
    if type(value) is not int or not least <= value <= most:
        raise RequestError(f"{name}: is not a whole number from {least} to {most}")
    return value


def _view(asked: Any) -> View:
    """Return the view of a request; raises RequestError."""
    if not isinstance(asked, dict):
        raise RequestError("view: is missing")
    middle = [asked.get(name, 0.5) for name in ("x", "y")]
    if not all(type(part) in (int, float) and 0 <= part <= 1 for part in middle):
        raise RequestError("view: its centre is outside the picture")
    room = [_whole(asked, name, 1, view.MOST_ROOM) for name in ("width", "height")]
    return View(room[0], room[1], _whole(asked, "reduce", 0, view.MOST_REDUCED), *middle)
