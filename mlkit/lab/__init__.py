"""The JupyterLab extension."""
