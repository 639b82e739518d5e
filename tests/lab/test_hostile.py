"""What data, names and files hold is text, whatever it looks like."""

import html

import pytest

pytestmark = pytest.mark.slow

HURT = "window.hurt=(window.hurt||0)+1"
SHAPES = (
    "<script>{0}</script>",
    "<img src=x onerror={0}>",
    "<svg onload={0}>",
    "<svg><script>{0}</script></svg>",
    "\"><img src=x onerror='{0}'>",
    "'><details open ontoggle={0}>x</details>",
    "<iframe srcdoc='<script>parent.{0}</script>'></iframe>",
    "<a href='javascript:{0}' autofocus onfocus={0}>x</a>",
    "<math><mtext><img src=x onerror={0}></mtext></math>",
    "</script><script>{0}</script>",
    "</textarea></title><body onload={0}>",
    "<input autofocus onfocus={0}>",
    "<video><source onerror={0}></video>",
    "<style>@import 'javascript:{0}'</style><img src onerror={0}>",
    "{{{{constructor.constructor('{0}')()}}}}",
    "${{{0}}}",
    "<object data='javascript:{0}'>",
    "<embed src='javascript:{0}'>",
    "[x](javascript:{0})",
    "![x](x onerror={0})",
)


def payloads():
    """Return two hundred texts that would run as script where nobody escapes."""
    plain = [shape.format(HURT) for shape in SHAPES]
    upper = [text.replace("script", "sCrIpT").replace("img", "IMG") for text in plain]
    slashed = [text.replace(" ", "/", 1) for text in plain]
    coded = [html.escape(text) for text in plain]
    tabbed = [text.replace("javascript:", "java\tscript:") for text in plain]
    more = [
        f"{a}{text}" for a in ("\u2028", "<!--", "]]>", "\\", "`") for text in plain
    ]
    return [*plain, *upper, *slashed, *coded, *tabbed, *more]


def test_text_in_data_names_and_files_never_runs(lab):
    texts = payloads()
    assert len(texts) == 200
    root = lab.make()
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    head = ",".join(["a", *quoted[:40]])
    body = "".join(f"{i},{','.join([text] * 40)}\n" for i, text in enumerate(quoted))
    (root / "data/x.csv").write_text(f"{head}\n{body}")
    settings = "format = 1\n[goal]\nquestion = '''" + texts[0] + "'''\n"
    (root / "mlkit.toml").write_text(settings)
    evil = "<img src=x onerror=hurt=1>"
    (root / f"data/{evil}.csv").write_text("a,b\n1,2\n")
    path = root / "steps/02_clean.ipynb"
    path.rename(path.with_name(f"02_clean{evil}.ipynb"))
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("passed")
    lab.click(f".mlkit-Row-main:has-text('{evil}')")
    lab.see(".jp-NotebookPanel .jp-Cell")
    lab.click("#mlkit-tab-artifacts")
    for name in ("raw", "clean"):
        lab.click(f".mlkit-List-main:has-text('{name}') >> nth=0")
        lab.see(".jp-MainAreaWidget:not(.lm-mod-hidden) .mlkit-Table")
    lab.click(".mlkit-Head button:has-text('Report')")
    lab.see(".mlkit-Page iframe")
    for tab in ("runs", "decisions", "steps"):
        lab.click(f"#mlkit-tab-{tab}")
    lab.page.wait_for_timeout(1000)
    hurt = [f.evaluate("window.hurt") for f in lab.page.frames if not f.is_detached()]
    assert not any(hurt)
