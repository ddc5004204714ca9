/* The loops for the instruction set of every processor of the architecture: SSE2 or NEON. */

#define SET baseline
#define VECTOR_BYTES 16
#include "loops/all.h"
