"""Figures of images: how much two of them differ, and how similar they are."""

from .difference import psnr, rmse
from .response import response, response_along
from .similarity import ms_ssim, ssim

__all__ = ["ms_ssim", "psnr", "response", "response_along", "rmse", "ssim"]
