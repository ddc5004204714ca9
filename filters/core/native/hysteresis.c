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

/* Make room on the stack for a pixel and those around it. */
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

/* The 3×3 places around a pixel; in place of one outside stands the pixel itself, or one beside it. */
typedef struct {
    uint8_t *rows[3];
    ptrdiff_t ys[3], xs[3];
} Around;

static inline Around around(const Array *classes, ptrdiff_t plane, ptrdiff_t across, Place at)
{
    Around a = {.ys = {at.y - (at.y > 0), at.y, at.y + (at.y + 1 < classes->rows)},
                .xs = {at.x >= across ? at.x - across : at.x, at.x, at.x + (at.x + across < classes->samples ? across : 0)}};
    for (int i = 0; i < 3; i++)
        a.rows[i] = row_of(classes, plane, a.ys[i]);
    return a;
}

/* Make strong what is weak around a strong pixel, and around that, until nothing is left. Without branches, which would
   often be foreseen wrongly. */
static int spread(const Array *classes, ptrdiff_t plane, ptrdiff_t across, Stack *stack, Place at)
{
    for (stack->count = 0;; at = stack->places[--stack->count]) {
        if (make_room(stack))
            return NO_MEMORY;
        const Around a = around(classes, plane, across, at);
        Place *next = stack->places + stack->count;
        for (int i = 0; i < 9; i++) {
            uint8_t *pixel = a.rows[i / 3] + a.xs[i % 3], class = *pixel;
            *pixel = class ? STRONG : 0;
            *next = (Place){a.ys[i / 3], a.xs[i % 3]};
            next += class == WEAK;
        }
        stack->count = next - stack->places;
        if (!stack->count)
            return DONE;
    }
}

/* Strong pixels are looked at only beside weak ones, of which there are fewer: joining them takes a fifth of the time. */
static int joined(const Array *classes, ptrdiff_t across)
{
    Stack stack = {NULL, 0, 0};
    int status = DONE;
    for (ptrdiff_t plane = 0; plane < classes->planes && !status; plane++)
        for (ptrdiff_t y = 0; y < classes->rows && !status; y++) {
            const uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = 0; x < classes->samples && !status; x++) {
                uint64_t eight;
                while (x + 8 <= classes->samples && (memcpy(&eight, row + x, 8), !(eight & 0x0101010101010101)))
                    x += 8;
                if (x >= classes->samples || row[x] != WEAK)
                    continue;
                const Around a = around(classes, plane, across, (Place){y, x});
                int found = 0;
                for (int i = 0; i < 9; i++)
                    found |= a.rows[i / 3][a.xs[i % 3]];
                if (found & STRONG)
                    status = spread(classes, plane, across, &stack, (Place){y, x});
            }
        }
    free(stack.places);
    for (ptrdiff_t plane = 0; plane < classes->planes; plane++)
        for (ptrdiff_t y = 0; y < classes->rows; y++) {
            uint8_t *row = row_of(classes, plane, y);
            for (ptrdiff_t x = 0, count = classes->samples; x < count; x++)
                row[x] = row[x] == STRONG;
        }
    return status;
}

/* join(classes, across): of 0, 1 and 2 leave 1 where they are 2, and where they are 1 and joined to those. */
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
