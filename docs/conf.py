"""How Sphinx makes a site of the pages that one reads in the repository: ``tox -e docs``.

The sources are the whole repository's pages, so that a link from one to another is the same here and there. Nothing is
fetched.
"""

import sys
from pathlib import Path

from simple_sagemaker import __version__, payload

sys.path.insert(0, str(Path(__file__).parent))  # our extension
sys.path.insert(0, str(payload.FOLDER))  # a job's own libraries, by the names that they have in a job

project = "Simple Sagemaker"
author = "the contributors of Simple Sagemaker"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "markdown_pages"]
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/**",
    "examples/README.md",
    "examples/digits/README.md",
    "examples/huggingface/README.md",
    "examples/tune_digits/README.md",
    "examples/readme_examples/example6/README.md",
    "benchmarks/README.md",
    "skills/simple-sagemaker/SKILL.md",
]
exclude_patterns = ["docs/conf.py", "docs/markdown_pages.py"]

myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "alabaster"
html_theme_options = {"description": "SageMaker jobs, on this machine first", "fixed_sidebar": True}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sourcelink = False
html_copy_source = False
html_extra_path = ["../llms.txt"]
