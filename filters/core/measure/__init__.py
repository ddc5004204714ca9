"""Figures of images: how much two of them differ, and how similar they are."""

from .difference import psnr, rmse
from .similarity import ms_ssim, ssim

__all__ = ["ms_ssim", "psnr", "rmse", "ssim"]
