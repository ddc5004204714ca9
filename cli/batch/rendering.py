"""How pictures enter a recipe, and how its results become samples of files."""

from __future__ import annotations

from collections.abc import Mapping

from ...filters.core.engine import colour, nodata
from ...filters.core.engine.quantize import Encoding, encoding, float_type
from ...filters.core.engine.stage import total_gain
from ...filters.core.engine.working_space import Settings
from ..errors import FileError
from ..images import encode, formats
from ..images.picture import Picture
from .frame_output import SHEET
from .job_options import JobOptions
from .plan import Target
from .recipe import Recipe


class Rendering:
    """The rules of a recipe and a call for the outputs of any picture."""

    def __init__(self, recipe: Recipe, maps: tuple[str, ...], options: JobOptions) -> None:
        self.recipe, self.maps, self.options = recipe, maps, options
        self.stages, self._settings = recipe.stages()
        self._values = recipe.last.values
        self._is_linear = any(step.values["linear"] for step in recipe.steps)

    def encodings(
        self,
        picture: Picture,
        targets: Mapping[str, Target],
        formats_of: Mapping[str, formats.Format],
        missing: float | None,
    ) -> dict[str, Encoding]:
        """Return the encoding of each output for its file; raises FileError if the file cannot hold it.

        *missing* is the value of missing samples.
        """
        found = {output: self.encoding(output, picture, formats_of[output], targets[output]) for output in targets}
        dtype = picture.pixels.dtype.name
        return {
            output: encoded
            if output == SHEET or encoded.kind == "table"
            else self._with_nodata(encoded, missing, dtype, formats_of[output])
            for output, encoded in found.items()
        }

    def encoding(self, output: str, picture: Picture, format: formats.Format, target: Target) -> Encoding:
        """Return the encoding of one output for its file, except for missing samples; raises FileError."""
        dtype, maps = picture.pixels.dtype.name, len(self.maps)
        if self.recipe.last.filter.kinds.get(output) == "table":
            return Encoding("float64", "table")
        if picture.metadata.palette and output == "image":
            if not (format.palettes or format.colour):
                raise FileError(target.name, f"{format.name.upper()} cannot hold a palette's colours; use .png or .tif")
            return Encoding("uint8", "picture", "clip", full=255)
        if output == SHEET:
            if "uint8" not in format.gray:
                raise FileError(target.name, f"{format.name.upper()} cannot hold 8-bit pictures")
            return Encoding("float32", full=picture.full, of="image")
        if maps and target.map is not None:
            output = "image"
        kind = self.recipe.last.filter.kinds[output]
        # A gray result must fit among the colours of the unfiltered parts.
        coloured = self._settings.channels == "each" or (output == "image" and self.options.render.effect is not None)
        if output != "image" and self._settings.gray_maps:
            coloured = False
        channels = picture.pixels.shape[2] if coloured and not self._is_gray(format, picture) else 1
        drawn_on = output == "image" and self._settings.coloured
        channels = max(channels, 3) if drawn_on else channels
        if maps and output == "image":
            channels = maps if target.map is None else 1
        if kind == "angle" and self.options.render.angle_style == "color":
            if "uint8" not in format.colour:
                raise FileError(target.name, f"{format.name.upper()} cannot hold the colours of --angle-style color")
            display = self.stages[-1].display
            return encoding("hue", dtype, "uint8", "auto", self._values["gain"], display, white=picture.white)
        try:
            name = "map" if maps > 1 else output
            several = maps if target.map is None and output == "image" else 0
            colours = colour.model_of(several) if several else picture.colours
            colours = "rgb" if drawn_on and colours == "gray" else colours
            wanted = encode.sample_type(format, dtype, self._values["depth"], channels, colours, name, several)
        except encode.EncodeError as error:
            raise FileError(target.name, str(error)) from None
        as_read = format.raw or not format.only_float or picture.pixels.dtype.kind == "f"
        raw = (self._values["depth"] == "keep" and as_read) or (maps > 0 and wanted == float_type(dtype))
        display = self.stages[-1].display
        encoded = encoding(
            kind, dtype, wanted, self._values["range"], self._values["gain"], display, raw=raw, white=picture.white
        )
        return encoded if target.map is None else encoded._replace(of="image", channel=target.map)

    def _with_nodata(self, encoding: Encoding, missing: float | None, dtype: str, format: formats.Format) -> Encoding:
        """Return the encoding of an output whose missing samples may be marked by a value.

        If neither the file can record this value nor the user gave it, float samples stay NaN.
        """
        told = format.georeferenced or not self.options.render.nodata.auto
        marked = nodata.written(encoding, missing, dtype, told)
        stays_nan = not told and encoding.is_float
        return marked._replace(nodata=None) if stays_nan else marked

    def settings(self, picture: Picture, format: formats.Format | None) -> Settings:
        """Return the settings for one picture: its own curve, and a background if it cannot keep its alpha."""
        settings = self._settings
        if self._is_linear:
            from ..images import picture_transfer  # rarely needed

            own = picture_transfer.transfer_of(picture.metadata, picture.pixels.shape[2], picture.notes)
            settings = settings._replace(transfer=own)
        if format is not None and self._is_gray(format, picture):
            settings = settings._replace(gray=True)
        if picture.alpha is None:
            return settings
        full = picture.full
        background = None
        if (chosen := self.options.render.background) is not None:
            background = tuple(value * full / 255 for value in chosen)
        opaque = format is not None and (not format.alpha or self._values["depth"] == "1")
        return settings._replace(background=background, opaque=opaque)

    def _is_gray(self, format: formats.Format, picture: Picture) -> bool:
        """Return whether only the luma is written after filtering luma, because the format has no colours."""
        luma = self._values["channels"] == "luma" and picture.colours == "rgb" and not self._settings.coloured
        return luma and not format.colour and self.options.render.effect is None

    def is_light(self, picture: Picture, encoding: Encoding | None) -> bool:
        """Return whether linear light is converted to sRGB integers; edges and differences are not light."""
        if encoding is None or encoding.is_float or picture.pixels.dtype.kind != "f":
            return False
        if self.options.write.encode.keep_values or not total_gain(self.stages):
            return False
        return picture.colours in ("gray", "rgb") and picture.metadata.colour.is_linear
