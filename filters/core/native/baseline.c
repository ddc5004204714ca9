/* The loops for what every processor of the architecture has: SSE2, or NEON. */

#define SET baseline
#define VECTOR_BYTES 16
#include "loops/all.h"
