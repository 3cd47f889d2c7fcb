/** @file fpr.h
 *  All of libfpr.
 */
#ifndef FPR_FPR_H
#define FPR_FPR_H

#include <fpr/arena.h>
#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/devices.h>
#include <fpr/event.h>
#include <fpr/gfp.h>
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
