/* Operation strings on small zones: the library against the slow reference model, which are
 * compared after each operation; the library's own validation must find nothing either. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/script_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[4096];
    struct script s;

    script_from_bytes(&s, data, size);
    if (script_run(&s, why, sizeof why) != 0) {
        fprintf(stderr, "%s# ---- as a script:\n", why);
        script_print(stderr, &s);
        abort();
    }
    script_clear(&s);
    return 0;
}
