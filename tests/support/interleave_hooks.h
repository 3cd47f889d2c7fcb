/* Given to the compiler before every source of libfpr_hooked: what base/atomic.h leaves empty. */
#ifndef TESTS_INTERLEAVE_HOOKS_H
#define TESTS_INTERLEAVE_HOOKS_H

#include <stdatomic.h>
#include <stdint.h>

void inter_point(void);
void inter_spin(void);
/* A store that other threads may see late, and a load of what another thread stores so. */
void inter_store_late(_Atomic uint64_t *object, uint64_t value);
uint64_t inter_load_others(_Atomic uint64_t *object);
/* From here on others see what this thread stored. */
void inter_fence(void);

#define FPR_HOOKED                1
#define fpr_race_point()          inter_point()
#define fpr_store_late(object, v) inter_store_late(object, v)
#define fpr_load_others(object)   inter_load_others(object)
#define fpr_full_fence()          inter_fence()
#define fpr_spin_point()          inter_spin()

#endif
