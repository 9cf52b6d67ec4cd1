"""The report as one page that needs nothing else: opened from disk, it asks the network for nothing."""

from probes.report.page.document import FILE_NAME, save_page

__all__ = ["FILE_NAME", "save_page"]
