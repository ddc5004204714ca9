"""Figures of images: what is in one, how much two of them differ, and how similar they are."""

from .channel import Statistics
from .difference import psnr, rmse
from .response import response, response_along
from .similarity import ms_ssim, ssim
from .survey import statistics

__all__ = ["Statistics", "ms_ssim", "psnr", "response", "response_along", "rmse", "ssim", "statistics"]
