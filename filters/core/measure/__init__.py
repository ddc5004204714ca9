"""Measurements of images: statistics of one, and the difference and similarity of two."""

from .channel import Statistics
from .difference import psnr, rmse
from .response import response, response_along
from .similarity import ms_ssim, ssim
from .survey import statistics

__all__ = ["Statistics", "ms_ssim", "psnr", "response", "response_along", "rmse", "ssim", "statistics"]
