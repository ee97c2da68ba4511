#include "qw/base.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name, *text;
} errors[] = {
#define X(name, text) {#name, text},
	QW_ERRORS(X)
#undef X
};

const char *qw_error_name(int err)
{
	if (err == QW_OK)
		return "OK";
	if (err > 0 || err < -(int)QW_COUNT(errors))
		return "UNKNOWN";
	return errors[-1 - err].name;
}

const char *qw_error_text(int err)
{
	if (err == QW_OK)
		return "ok";
	if (err > 0 || err < -(int)QW_COUNT(errors))
		return "unknown error";
	return errors[-1 - err].text;
}

void qw_assert_failed(const char *what, const char *file, int line)
{
	(void)fprintf(stderr, "querywarden: assertion failed: %s (%s:%d)\n", what, file, line);
	abort();
}
