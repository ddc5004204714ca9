"""Sphinx's settings of the site; `build.py` runs it."""

from imfilter import __version__
from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge


class Lines(HtmlFormatter):
    """Gives each line of code an element of its own, so that one that is too long can be broken and indented."""

    def wrap(self, source):
        """Wrap the lines, then the whole."""
        return super().wrap((kind, f'<span class="line">{line}</span>' if kind else line) for kind, line in source)


PygmentsBridge.html_formatter = Lines

project = "imfilter"
release = version = __version__
author = "the makers of imfilter"
language = "en_GB"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 4
nitpicky = True
root_doc = "index"
exclude_patterns = ["files/**", "made/**"]
# Code without a language is no program, and none is guessed.
highlight_language = "text"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

# `--` is the beginning of an option, and no dash.
smartquotes = False

html_theme = "furo"
html_title = "imfilter"
html_static_path = ["theme"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
