#include "binding.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WEAK = 1, STRONG = 2 };

typedef struct {
    ptrdiff_t y, x;
} Place;

typedef struct {
    Place *places;
    ptrdiff_t count, room;
} Stack;

/* Reserve space on the stack for a pixel and its neighbours. */
static int make_room(Stack *stack)
{
    if (stack->count + 10 > stack->room) {
        const ptrdiff_t room = 2 * stack->room + 1024;
        Place *places = realloc(stack->places, (size_t)room * sizeof(Place));
        if (!places)
            return NO_MEMORY;
        stack->places = places, stack->room = room;
    }
    return DONE;
}

/* The 3×3 positions around a pixel; one outside the image is replaced by its neighbour. */
typedef struct {
    uint8_t *rows[3];
    ptrdiff_t ys[3], xs[3];
} Around;

static inline void move_to(Around *a, const Array *classes, ptrdiff_t across, ptrdiff_t x)
{
    a->xs[0] = x >= across ? x - across : x, a->xs[1] = x;
    a->xs[2] = x + across < classes->samples ? x + across : x;
}

static inline Around around(const Array *classes, ptrdiff_t plane, ptrdiff_t across, Place at)
{
    Around a = {.ys = {at.y - (at.y > 0), at.y, at.y + (at.y + 1 < classes->rows)}};
    for (int i = 0; i < 3; i++)
        a.rows[i] = row_of(classes, plane, a.ys[i]);
    move_to(&a, classes, across, at.x);
    return a;
}

/* Return the classes of a pixel and its neighbours. */
static inline int classes_of(const Around *a)
{
    int found = 0;
    for (int i = 0; i < 9; i++)
        found |= a->rows[i / 3][a->xs[i % 3]];
    return found;
}

/* Make a weak pixel strong, then its weak neighbours, and so on. */
static int spread(const Array *classes, ptrdiff_t plane, ptrdiff_t across, Stack *stack, Place at)
{
    *((uint8_t *)row_of(classes, plane, at.y) + at.x) = STRONG;
    for (stack->count = 0;; at = stack->places[--stack->count]) {
        const Around a = around(classes, plane, across, at);
        if (classes_of(&a) & WEAK) {
            if (make_room(stack))
                return NO_MEMORY;
            Place *next = stack->places + stack->count;
            for (int i = 0; i < 9; i++) { /* without branches, which would often be mispredicted */
                uint8_t *pixel = a.rows[i / 3] + a.xs[i % 3], class = *pixel;
                *pixel = class ? STRONG : 0;
                *next = (Place){a.ys[i / 3], a.xs[i % 3]};
                next += class == WEAK;
            }
            stack->count = next - stack->places;
        }
        if (!stack->count)
            return DONE;
    }
}

#define IN_EACH 0x0101010101010101

static inline uint64_t eight(const uint8_t *from)
{
    uint64_t pixels;
    memcpy(&pixels, from, sizeof pixels);
    return pixels;
}

/* Whether one of eight pixels from *x* is weak with a strong neighbour; their neighbours lie in the rows. */
static inline int eight_begin(const Around *a, ptrdiff_t x, ptrdiff_t across)
{
    const uint64_t weak = eight(a->rows[1] + x) & IN_EACH;
    uint64_t found = 0;
    if (weak) /* false for most of a picture */
        for (int i = 0; i < 9; i++)
            found |= eight(a->rows[i / 3] + x + (i % 3 - 1) * across);
    return (weak & found >> 1) != 0;
}

/* The search begins at weak pixels next to strong ones; the strong ones, which are more numerous, need not be visited.
   */
static int joined(const Array *classes, ptrdiff_t across)
{
    Stack stack = {NULL, 0, 0};
    const ptrdiff_t samples = classes->samples;
    int status = DONE;
    for (ptrdiff_t plane = 0; plane < classes->planes && !status; plane++)
        for (ptrdiff_t y = 0; y < classes->rows && !status; y++) {
            Around a = around(classes, plane, across, (Place){y, 0});
            const uint8_t *row = a.rows[1];
            for (ptrdiff_t x = 0, step; x < samples && !status; x += step) {
                step = 8;
                if (x >= across && x + step + across <= samples && !eight_begin(&a, x, across))
                    continue;
                move_to(&a, classes, across, x);
                if (row[x] == WEAK && classes_of(&a) & STRONG)
                    status = spread(classes, plane, across, &stack, (Place){y, x});
                step = 1;
            }
        }
    free(stack.places);
    for (ptrdiff_t plane = 0; plane < classes->planes; plane++)
        for (ptrdiff_t y = 0; y < classes->rows; y++) {
            uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = 0; x < samples; x++)
                row[x] = row[x] == STRONG;
        }
    return status;
}

/* join(classes, across): set 1 where classes are 2, or 1 and connected to a 2; else 0. */
PyObject *bind_join(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *object;
    Array classes;
    ptrdiff_t across;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "On", &object, &across) && take_array(&held, object, &classes, 1, U8, "classes")
        && check_size(across, 1, MOST_SAMPLES, "across"))
        WITHOUT_GIL(status = joined(&classes, across));
    return answer(&held, status);
}
