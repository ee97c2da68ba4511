/*
 * What a call makes, as far as its constant arguments tell: rows of generate_series(integers), bytes of repeat() and the
 * padding functions. The rest is bounded while it runs: by time, rows and bytes returned.
 */
#include "qw/limits.h"

static bool is_number(const struct limits_argument *args, size_t count, size_t i)
{
	return i < count && args[i].kind == LIMITS_ARG_NUMBER;
}

static bool has_null(const struct limits_argument *args, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (args[i].kind == LIMITS_ARG_NULL)
			return true;
	return false;
}

static bool series_cost(const struct limits_argument *args, size_t count, struct limits_cost *out)
{
	int64_t from, to, step = 1;
	uint64_t span, by;

	if (count < 2 || count > 3 || !is_number(args, count, 0) || !is_number(args, count, 1))
		return false;
	if (count == 3 && !is_number(args, count, 2))
		return false;
	from = args[0].number;
	to = args[1].number;
	if (count == 3)
		step = args[2].number;
	if (step == 0 || (step > 0 ? from > to : from < to))
		return true; /* an error of the server, or no row */
	span = step > 0 ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
	by = step > 0 ? (uint64_t)step : -(uint64_t)step;
	out->rows = span / by == UINT64_MAX ? UINT64_MAX : span / by + 1;
	return true;
}

static bool text_cost(const struct limits_argument *args, size_t count, bool is_repeat, struct limits_cost *out)
{
	uint64_t each = 1, times;

	if (!is_number(args, count, 1))
		return false;
	times = args[1].number > 0 ? (uint64_t)args[1].number : 0;
	if (is_repeat && args[0].kind == LIMITS_ARG_TEXT)
		each = args[0].number > 0 ? (uint64_t)args[0].number : 0;
	out->bytes = times && each > UINT64_MAX / times ? UINT64_MAX : each * times;
	return true;
}

bool limits_call_cost(const char *function, const struct limits_argument *args, size_t count, struct limits_cost *out)
{
	*out = (struct limits_cost){0};
	if (has_null(args, count))
		return strcmp(function, "generate_series") == 0 || strcmp(function, "repeat") == 0; /* NULL, or no row */
	if (strcmp(function, "generate_series") == 0)
		return series_cost(args, count, out);
	if (strcmp(function, "repeat") == 0)
		return count == 2 && text_cost(args, count, true, out);
	if (strcmp(function, "lpad") == 0 || strcmp(function, "rpad") == 0)
		return count >= 2 && text_cost(args, count, false, out);
	return false;
}
