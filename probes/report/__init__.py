"""How a comparison is shown: a table for the terminal, figures for papers, and one page for people."""

from probes.report.edit_panels import edit_figure
from probes.report.edit_table import edit_table
from probes.report.figures import save_figures
from probes.report.overview import save_tables
from probes.report.page import save_page
from probes.report.plain_names import plainly_named
from probes.report.table import terminal_table

__all__ = ["edit_figure", "edit_table", "plainly_named", "save_figures", "save_page", "save_tables", "terminal_table"]
