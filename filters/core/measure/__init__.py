"""Figures of images: what is in one, how much two of them differ, and how similar they are."""

from .channel import Statistics
from .difference import psnr, rmse
from .similarity import ms_ssim, ssim
from .survey import statistics

__all__ = ["Statistics", "ms_ssim", "psnr", "rmse", "ssim", "statistics"]
