/* Whether a trace.dat file is whole, before libtracecmd sees it. */
#ifndef TRACE_DAT_CHECK_H
#define TRACE_DAT_CHECK_H

/* Walks through a file of version 6, of which libtracecmd 1.3 crashes if the records are cut off
 * (newer versions, which it checks itself, and those of other byte order are let pass).
 * @return 0, -EINVAL (cut short or damaged) */
int fpr_dat_check(int fd);

#endif
