/* One JSON object a line on standard error. Programs log; pure rooms never do. Thread-safe. */
#ifndef QW_LOG_H
#define QW_LOG_H

#include "qw/base.h"

enum qw_log_level { QW_LOG_ERROR, QW_LOG_WARN, QW_LOG_INFO, QW_LOG_DEBUG };

void qw_log_level_set(enum qw_log_level level);
int qw_log_level_parse(const char *name, enum qw_log_level *out) QW_MUST_CHECK;

/*
 * Fields are pairs of NUL-terminated name and value, ended by NULL; a NULL value is left out.
 * Values are escaped, cut at 1 KiB. Never pass a secret, a token or a row value.
 *   qw_log(QW_LOG_INFO, "session.open", "session", id, "client", addr, NULL);
 */
void qw_log(enum qw_log_level level, const char *event, ...) __attribute__((sentinel));

#endif
