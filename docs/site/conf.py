"""Sphinx's configuration. The pages are put together by build.py, which runs Sphinx on them."""

project = "tritonc"
author = "the authors of tritonc"
html_title = "tritonc"
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist", "attrs_block", "colon_fence"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

smartquotes = False  # 'zero' in a table of parameters is Python
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
# Fonts are the reader's own and nothing is fetched: the pages work from a folder, without a network.
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
    "dark_css_variables": {"color-brand-primary": "#6cb6ff", "color-brand-content": "#6cb6ff"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
# MLIR, PTX and signatures of our own have no lexer.
highlight_language = "text"
suppress_warnings = ["misc.highlighting_failure"]
exclude_patterns = ["static"]
