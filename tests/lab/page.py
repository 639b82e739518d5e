"""JupyterLab in a page, as a person has it before her."""

import os
import random
import shutil
import subprocess
import sys

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
PATIENCE = 1000 * int(os.environ.get("MLKIT_PATIENCE", "120"))  # milliseconds
READY = "() => jupyterapp.shell.currentWidget?.sessionContext?.isReady"
OPEN = "path => void jupyterapp.commands.execute('mlkit:open', {path})"
FOCUSED = "selector => document.activeElement.matches(selector)"
LOOKS = [("Light", 1400), ("Light", 1000), ("Dark", 1400), ("Dark", 1000)]


class Lab:
    """JupyterLab in a page, looking at one folder below the server's root."""

    def __init__(self, server, page, name):
        self.server, self.page, self.name = server, page, name
        self.root = server.root / name
        self.wrong = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda box: (self.wrong.append(box.message), box.accept()))

    def open(self, folder=""):
        told = self.server.told
        base = f"{self.server.origin}{told['base']}lab/tree/{self.name}/{folder}"
        self.page.goto(f"{base}?token={told['token']}&reset")
        self.see(".jp-Launcher-content")
        self.click("li[data-id='mlkit-panel']")

    def see(self, selector, **how):
        return self.page.wait_for_selector(selector, **how)

    def click(self, selector, **how):
        self.page.click(selector, **how)

    def notified(self, words):
        """Find a notification in the list where Lab keeps what has hidden itself."""
        self.click(".jp-Notification-Status")
        self.see(f".jp-Notification-List-Item:has-text('{words}')")
        self.click(".jp-Notification-Status")

    def tab_to(self, selector):
        """Go on by the tabulator until something has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(FOCUSED, selector):
                return
        raise LookupError(selector)

    def command(self, words):
        """Do by keys what the palette of commands has."""
        self.page.keyboard.press("Control+Shift+C")
        self.see(".lm-CommandPalette-input:focus")
        self.page.keyboard.type(words)
        self.see(f".lm-CommandPalette-item.lm-mod-active:has-text('{words}')")
        self.page.keyboard.press("Enter")

    def go(self, project):
        """Show another project."""
        self.page.evaluate(OPEN, project)
        self.see(f".mlkit-Head-name[title='{project}']")

    def step(self, name, state):
        self.see(f".mlkit-Row.mlkit-mod-{state}:has-text('{name}')")

    def done(self, name):
        """See a step that has passed, whether its run goes on or not."""
        done = ":is(.mlkit-mod-passed, .mlkit-mod-fresh)"
        self.see(f".mlkit-Row{done}:has-text('{name}')")

    def ended(self, state):
        self.see(f".mlkit-Progress-end:has-text('{state}')")

    def enter(self, step):
        """Open a step's notebook by a click on the step, with its kernel at rest."""
        self.click(f".mlkit-Row-main:has-text('{step}')")
        self.see(f".lm-TabBar-tab.lm-mod-current:has-text('_{step}')")
        self.idle()

    def leave(self, step):
        """Close a step's notebook and its kernel."""
        self.save()
        tab = f".lm-TabBar-tab:has-text('_{step}')"
        self.click(f"{tab} .lm-TabBar-tabCloseIcon")
        self.see(tab, state="detached")

    def save(self):
        """Save the notebook in front, to the end."""
        save = "jupyterapp.commands.execute('docmanager:save').then(() => true)"
        assert self.page.evaluate(save)

    def ready(self):
        """Wait for the kernel of the notebook in front: idle is shown before it is."""
        self.page.wait_for_function(READY)

    def idle(self):
        self.see("text=Python 3 (ipykernel) | Idle")

    def run_cells(self):
        """Run all cells of the notebook in front, and wait for the last."""
        self.ready()
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.idle()

    def mlkit(self, *words):
        """Do in a terminal what `mlkit` does, in the test's folder."""
        told = subprocess.run(
            [sys.executable, "-m", "mlkit", *words],
            cwd=self.root,
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    def picture(self, name):
        """Take the page as it looks in both themes and at two widths, if asked to."""
        folder = os.environ.get("MLKIT_SCREENS")
        for theme, width in LOOKS if folder else ():
            self.theme(f"JupyterLab {theme}")
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.wait_for_timeout(800)
            path = f"{folder}/{name}-{theme.lower()}-{width}.png"
            self.page.screenshot(path=path)
        if folder:
            self.theme("JupyterLab Light")
            self.page.set_viewport_size({"width": 1400, "height": 900})

    def theme(self, name):
        self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})",
            name,
        )


def churn(path, rows=300):
    """Write a table like a telephone company's."""
    chance = random.Random(0)
    lines = ["customer,months,charge,contract,churn"]
    for i in range(rows):
        months, charge = chance.randint(1, 72), round(chance.uniform(18, 120), 2)
        contract = chance.choice(["monthly", "yearly", "two years"])
        left = 0.7 - months / 100 - 0.25 * (contract != "monthly")
        gone = "yes" if chance.random() < left else "no"
        lines.append(f"C{i:04},{months},{charge},{contract},{gone}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
