/* What the bindings share: taking arrays and taps from Python, and calling without the GIL. */

#ifndef IMFILTER_BINDING_H
#define IMFILTER_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "calls.h"

/* The primitives of the instruction set that was chosen. */
extern const Primitives *chosen;

/* The buffers that a call holds until it ends. */
typedef struct {
    Py_buffer views[12];
    int count;
} Held;

#define REALS (F32 | F64)
#define SAMPLES (U8 | U16 | REALS)

/* The most samples that an array has, and channels side by side: so sizes of memory can be multiplied without care. Even
   an array without samples has no more along its other axes. */
#define MOST_SAMPLES (PTRDIFF_MAX >> (PTRDIFF_MAX > INT32_MAX ? 23 : 3))
#define MOST_STEP (1 << 16)

enum { DONE = 0, NO_MEMORY = -1, REFUSED = -2 };

/* Each of these returns whether all is well; where it is not, it sets an exception. */

/* Take an array of three dimensions, (planes, rows, samples), whose type is among *types*. */
int take_array(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name);

/* Take such an array, or None, whose data is then NULL. */
int take_optional(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name);

/* Take a one-dimensional array of float64. */
int take_taps(Held *held, PyObject *object, const double **taps, ptrdiff_t *count, const char *name);

/* Check that a size is one from *least* to *most*. */
int check_size(ptrdiff_t size, ptrdiff_t least, ptrdiff_t most, const char *name);

/* Check that a window of *height* and *width* samples, so far apart, lies in the input at each sample of the result. */
int check_window(const Array *in, const Array *out, ptrdiff_t height, ptrdiff_t width, ptrdiff_t down,
                 ptrdiff_t across);

/* Check one axis of an input of *size*: each result's window of *taps*, a *gap* apart, lies in it, a *stride* from that of
   the next result. A gap and a stride that nothing depends on become 1. */
int check_axis(ptrdiff_t size, ptrdiff_t results, ptrdiff_t taps, ptrdiff_t *gap, ptrdiff_t *stride, const char *name);

/* Check that samples are pixels of *step* channels side by side, or of planes. */
int check_pixels(const Array *in, ptrdiff_t step);

/* Take an array with a sample for each pixel of the input, or None. */
int take_opacity(Held *held, PyObject *object, Array *opacity, const Array *in, ptrdiff_t step);

/* Release what a call holds; return None, or NULL with an exception. */
PyObject *answer(Held *held, int status);

/* Compute with a primitive of the chosen instruction set where there are results, without the GIL. */
#define RUN(primitive, results)                                                          \
    do {                                                                                 \
        status = DONE;                                                                   \
        if ((results).planes && (results).rows && (results).samples)                     \
            WITHOUT_GIL(status = chosen->primitive(&call));                              \
    } while (0)

#define WITHOUT_GIL(statement)                             \
    do {                                                   \
        Py_BEGIN_ALLOW_THREADS statement; Py_END_ALLOW_THREADS \
    } while (0)

/* The functions of the module, each a primitive or a few of its calls. */
#define FUNCTIONS(F) \
    F(separable, "Correlate with a column and a row of taps.") \
    F(interpolate, "Add up coarse samples with the weights of each place between them.") \
    F(resample, "Resample by the weights of each result.") \
    F(settle, "Put halves where a little less was found.") \
    F(dense, "Correlate with a kernel.") \
    F(bank, "Correlate with a bank of kernels.") \
    F(fourier, "Correlate by Fourier transforms of tiles.") \
    F(box, "Take the means of boxes of samples.") \
    F(guided, "Filter planes guided by themselves.") \
    F(gradient, "Differentiate along x and y, and give magnitude and angle.") \
    F(thinned_gradient, "Differentiate along x and y, and keep the maxima along the gradient.") \
    F(polar, "Give the magnitude and angle of derivatives.") \
    F(thin, "Keep the maxima along the gradient.") \
    F(join, "Keep what is joined to the strong pixels.") \
    F(luma, "Sum red, green and blue by their weights.") \
    F(luma_sums, "Sum the lumas of each row.") \
    F(contrast, "Multiply samples, and their differences from a mean.") \
    F(recolour, "Change the saturation of colours, and turn their hue.") \
    F(opacity, "Multiply colours by their alpha, or divide them by it.") \
    F(local_curves, "Put values on curves that change from place to place.") \
    F(look_up, "Look samples up in a table.") \
    F(histogram, "Count how often each number is there.") \
    F(rank, "Give each pixel the sample of a rank in its window.") \
    F(mode, "Give each pixel the most frequent sample of its window.") \
    F(extrema, "Find the minima or maxima over a shape.") \
    F(bilateral, "Smooth, and keep edges, by a bilateral filter.") \
    F(nonlocal_means, "Remove noise by the means of similar patches.") \
    F(bm3d, "Filter stacks of similar blocks together.") \
    F(pool, "Join the samples of each window of a grid.") \
    F(permute, "Reverse rows and columns of pixels, or exchange them.") \
    F(pick, "Copy pixels of rows and columns.") \
    F(lay, "Lay images out in a sheet, each with what is past its edges.") \
    F(cut, "Copy images out of a sheet.") \
    F(take_apart, "Copy the colours of pixels, and their alpha.") \
    F(put_together, "Make pixels of colours and their alpha.") \
    F(warp, "Interpolate between the samples at the places that a matrix gives.") \
    F(png_rows, "Filter rows of bytes as PNG does.") \
    F(png_unfilter, "Undo the filters of rows of a PNG.") \
    F(jpeg_ends, "Find where the codes of a JPEG's intervals end.")

#define DECLARE(name, words) PyObject *bind_##name(PyObject *module, PyObject *arguments);
FUNCTIONS(DECLARE)
#undef DECLARE

#endif
