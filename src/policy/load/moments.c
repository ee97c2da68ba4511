/* Times and conditions: `from`, `to`, `weekly`, `when`, `at`. */
#include "../policy_int.h"

#define DAY_MIN 1440
#define OFFSET_MIN_MAX (14 * 60)

/* n digits at *at, which moves behind them; -1: there are none. */
static int digits(const char **at, int n)
{
	int value = 0;

	for (; n > 0; n--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* "06:00", to 24:00 */
static bool read_clock(const char **at, int *minutes)
{
	int hours = digits(at, 2), rest;

	if (hours < 0 || !skip(at, ':'))
		return false;
	rest = digits(at, 2);
	*minutes = hours * 60 + rest;
	return rest >= 0 && rest < 60 && *minutes <= DAY_MIN;
}

/* "UTC", "Z", "+01:00": minutes to add to UTC. Names of zones need a table that changes by law: they are not offered. */
static bool read_offset(const char **at, int *minutes)
{
	int sign = **at == '-' ? -1 : 1;

	*minutes = 0;
	if (skip(at, 'Z'))
		return true;
	if (strncmp(*at, "UTC", 3) == 0) {
		*at += 3;
		return true;
	}
	if (**at != '+' && **at != '-')
		return false;
	(*at)++;
	if (!read_clock(at, minutes) || *minutes > OFFSET_MIN_MAX)
		return false;
	*minutes *= sign;
	return true;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01 of a valid date of 1970 to 9999. */
static bool read_date(const char **at, int64_t *days)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, y = 0, m = 0;

	year = digits(at, 4);
	if (year < 1970 || !skip(at, '-'))
		return false;
	month = digits(at, 2);
	if (month < 1 || month > 12 || !skip(at, '-'))
		return false;
	day = digits(at, 2);
	if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return false;
	*days = day - 1;
	for (y = 1970; y < year; y++)
		*days += is_leap(y) ? 366 : 365;
	for (m = 1; m < month; m++)
		*days += lengths[m - 1] + (m == 2 && is_leap(year));
	return true;
}

static bool read_time(const char *text, uint64_t *out_us)
{
	int64_t days = 0, us;
	int minutes = 0, offset = 0, seconds = 0;

	if (!read_date(&text, &days) || !skip(&text, 'T') || !read_clock(&text, &minutes) || minutes == DAY_MIN)
		return false;
	if (skip(&text, ':'))
		seconds = digits(&text, 2);
	if (seconds < 0 || seconds > 59 || strncmp(text, "UTC", 3) == 0 || !read_offset(&text, &offset) || *text)
		return false;
	us = ((days * DAY_MIN + minutes - offset) * 60 + seconds) * 1000000;
	*out_us = us > 0 ? (uint64_t)us : 0;
	return us > 0;
}

bool load_time(struct loader *l, const struct yaml_node *n, uint64_t *out_us)
{
	const char *text;

	if (!yaml_string(&l->r, n, &text))
		return false;
	if (read_time(text, out_us))
		return true;
	yaml_fail(&l->r, n, "bad time \"%.60s\": write date, time and offset, as in 2026-12-20T00:00Z or 2026-12-20T00:00+01:00",
		text);
	return false;
}

static bool load_clock(struct loader *l, const struct yaml_node *map, const char *key, uint16_t *out)
{
	const struct yaml_node *n = yaml_get(map, key);
	const char *text;
	int minutes = 0;

	if (!n)
		return true;
	if (!yaml_string(&l->r, n, &text))
		return false;
	if (!read_clock(&text, &minutes) || *text || minutes == DAY_MIN) {
		yaml_fail(&l->r, n, "bad time of the day in %s: write \"18:00\", from 00:00 to 23:59", key);
		return false;
	}
	*out = (uint16_t)minutes;
	return true;
}

static bool load_zone(struct loader *l, const struct yaml_node *map, int16_t *out)
{
	const struct yaml_node *n = yaml_get(map, "timezone");
	const char *text, *at;
	int minutes = 0;

	if (!n)
		return true;
	if (!yaml_string(&l->r, n, &text))
		return false;
	at = text;
	if (!read_offset(&at, &minutes) || *at) {
		yaml_fail(&l->r, n, "unknown timezone \"%.60s\": write UTC, or a fixed offset like \"+01:00\"", text);
		return false;
	}
	*out = (int16_t)minutes;
	return true;
}

static bool load_weekly(struct loader *l, const struct yaml_node *map, struct policy_window *w)
{
	static const char *const keys[] = {"days", "from", "to", "timezone", NULL};
	static const char *const words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
	const struct yaml_node *days, *at;

	if (!yaml_only(&l->r, map, keys))
		return false;
	if (map->count == 0) {
		yaml_fail(&l->r, map, "weekly is empty: write days: [sat, sun], or from: \"18:00\" and to: \"06:00\"");
		return false;
	}
	w->is_weekly = true;
	w->days = 0x7f;
	days = yaml_get(map, "days");
	if (days) {
		struct string_set list = {0};

		if (!load_strings(l, map, "days", &list))
			return false;
		w->days = 0;
		for (at = days->kind == YAML_LIST ? days->first : days; list.count; list.count--, at = at->next) {
			unsigned day = 0;

			if (!yaml_word(&l->r, at, words, &day))
				return false;
			w->days |= (uint8_t)(1u << day);
		}
	}
	return load_clock(l, map, "from", &w->from_min) && load_clock(l, map, "to", &w->to_min) &&
	       load_zone(l, map, &w->offset_min);
}

bool load_window(struct loader *l, const struct yaml_node *item, struct policy_window *out)
{
	const struct yaml_node *from = yaml_get(item, "from"), *to = yaml_get(item, "to"), *weekly = yaml_get(item, "weekly");

	out->to_us = UINT64_MAX;
	if (!from && !to && !weekly) {
		yaml_fail(&l->r, item, "a freeze needs a time: add from: 2026-12-20T00:00Z, to: ..., or weekly: {days: [sat, sun]}");
		return false;
	}
	if ((from && !load_time(l, from, &out->from_us)) || (to && !load_time(l, to, &out->to_us)) ||
		(weekly && !load_weekly(l, weekly, out)))
		return false;
	if (out->from_us < out->to_us)
		return true;
	yaml_fail(&l->r, to ? to : item, "the freeze ends before it begins: write a later `to`");
	return false;
}

bool load_when(struct loader *l, const struct yaml_node *item, uint32_t *out)
{
	static const char *const words[] = {"tainted", "in_transaction", "outside_transaction", "reads_secret", NULL};
	const struct yaml_node *n = yaml_get(item, "when"), *at;
	struct string_set list = {0};

	if (!n)
		return true;
	if (!load_strings(l, item, "when", &list))
		return false;
	for (at = n->kind == YAML_LIST ? n->first : n; list.count; list.count--, at = at->next) {
		unsigned word = 0;

		if (!yaml_word(&l->r, at, words, &word))
			return false;
		*out |= 1u << word;
	}
	if ((*out & WHEN_IN_TRANSACTION) && (*out & WHEN_OUTSIDE_TRANSACTION)) {
		yaml_fail(&l->r, n, "in_transaction and outside_transaction never hold together: keep one");
		return false;
	}
	return true;
}
