/** @file fpr.h
 *  All of libfpr.
 *
 *  @par Misuse
 *  A wrong argument, a call at the wrong time or one from the wrong place is answered and changes
 *  nothing: with a negative errno, which is -EINVAL where a function's comment names no other, or
 *  with 0, NULL or false by functions that return no errno. Out-parameters stay as they were unless
 *  a comment says otherwise. Running out of memory is -ENOMEM, and changes nothing either. Freeing
 *  NULL does nothing; freeing what is in use (a zone of a machine, a machine with a reporter, a
 *  reporter in a pass or with a thread, a clock with a reporter or in its own work, an IOVA space
 *  with readers, a guest whose map has some, a guest's parts) does nothing either, where a handle's
 *  comment says so.
 *
 *  What cannot be told, and so is undefined as it is with free(3): a handle that was freed or never
 *  made, a handle of another kind, memory smaller than its size says, a struct read before its
 *  _init() function has filled it, and overlapping calls on what belongs to one thread at a time.
 */
#ifndef FPR_FPR_H
#define FPR_FPR_H

#include <fpr/arena.h>
#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/devices.h>
#include <fpr/event.h>
#include <fpr/gfp.h>
#include <fpr/guest.h>
#include <fpr/host.h>
#include <fpr/iova.h>
#include <fpr/machine.h>
#include <fpr/mem.h>
#include <fpr/profile.h>
#include <fpr/report.h>
#include <fpr/stats.h>
#include <fpr/thread.h>
#include <fpr/types.h>
#include <fpr/version.h>
#include <fpr/view.h>
#include <fpr/zone.h>

#endif
