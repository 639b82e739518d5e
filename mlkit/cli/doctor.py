"""``mlkit doctor``: what is installed and what works."""

from __future__ import annotations

import click

__all__ = ["command"]

PACKAGES = (
    "pandas",
    "scikit-learn",
    "papermill",
    "nbclient",
    "jupyterlab",
    "ipykernel",
    "onnxruntime",
    "skops",
)


@click.command("doctor")
def command() -> int:
    """Say what is installed, and try a kernel."""
    import platform

    click.echo(f"  Python {platform.python_version()} on {platform.system()}")
    _packages()
    checks = [_kernel(), _templates(), _warm()]
    click.echo("all is well" if all(checks) else "see the lines marked ✗")
    return 0 if all(checks) else 1


def _packages() -> None:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("mlkit-notebooks", *PACKAGES):
        try:
            click.echo(f"✓ {name} {version(name)}")
        except PackageNotFoundError:
            click.echo(f"✗ {name} is absent: pip install {name}")


def _kernel() -> bool:
    from subprocess import DEVNULL

    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(kernel_name="python3", stderr=DEVNULL)
        try:
            reply = client.execute_interactive("1 + 1", timeout=60, silent=True)
            good = reply["content"]["status"] == "ok"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    except Exception as error:
        click.echo(f"✗ the python3 kernel does not start: {error}")
        click.echo("  to do: python -m ipykernel install --sys-prefix")
        return False
    click.echo("✓ the python3 kernel answers" if good else "✗ the kernel answers badly")
    return bool(good)


def _templates() -> bool:
    from mlkit.engine.scaffold import recipes, templates

    steps = [step for recipe in recipes().values() for step in recipe.steps]
    absent = [s for s in steps if not (templates() / f"{s}.ipynb").is_file()]
    if absent:
        click.echo(f"✗ templates are missing: {', '.join(absent)}")
    else:
        click.echo(f"✓ {len(steps)} templates")
    return not absent


def _warm() -> bool:
    import sys

    linux = sys.platform == "linux"
    click.echo("✓ warm kernels" if linux else "  plain kernels: warm ones need Linux")
    return True
