#include "room.h"

/*
 * Dates that are moved, not replaced. Only the ISO style of text is read: in another DateStyle 01/02
 * may be two days, and the answer is NULL. Years 1 to 9999: both formats hold the same days then.
 */
enum { DAY_MIN = -730119, DAY_MAX = 2921939, DAYS_OF_400_YEARS = 146097 };
static const int64_t day_us = 86400000000;

bool mask_number_at(const uint8_t *s, size_t digits, unsigned min, unsigned max, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < digits; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(s[i] - '0');
	}
	return *out >= min && *out <= max;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

static int64_t year_start(unsigned year)
{
	int64_t before = (int64_t)year - 1;

	return before * 365 + before / 4 - before / 100 + before / 400 + DAY_MIN;
}

bool mask_date_parse(struct qw_bytes text, int64_t *days)
{
	const uint8_t *s = text.p;
	unsigned y, m, d;

	if (text.n < DATE_TEXT || s[4] != '-' || s[7] != '-')
		return false;
	if (!mask_number_at(s, 4, 1, 9999, &y) || !mask_number_at(s + 5, 2, 1, 12, &m) ||
		!mask_number_at(s + 8, 2, 1, 31, &d))
		return false;
	if (d > month_days(y, m))
		return false;
	*days = year_start(y);
	for (unsigned i = 1; i < m; i++)
		*days += month_days(y, i);
	*days += (int64_t)d - 1;
	return true;
}

/* The day split; false: outside of the years 1 to 9999. */
static bool day_split(int64_t days, unsigned *y, unsigned *m, unsigned *d)
{
	int64_t left;

	if (days < DAY_MIN || days > DAY_MAX)
		return false;
	*y = (unsigned)((days - DAY_MIN) * 400 / DAYS_OF_400_YEARS) + 1; /* right or one off */
	while (*y < 9999 && year_start(*y + 1) <= days)
		++*y;
	while (year_start(*y) > days)
		--*y;
	left = days - year_start(*y);
	for (*m = 1; left >= month_days(*y, *m); ++*m)
		left -= month_days(*y, *m);
	*d = (unsigned)left + 1;
	return true;
}

static void two_digits(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10);
	to[1] = (char)('0' + v % 10);
}

bool mask_date_text(int64_t days, char out[DATE_TEXT])
{
	unsigned y, m, d;

	if (!day_split(days, &y, &m, &d))
		return false;
	two_digits(out, y / 100);
	two_digits(out + 2, y % 100);
	out[4] = out[7] = '-';
	two_digits(out + 5, m);
	two_digits(out + 8, d);
	return true;
}

/* ---- a value of the wire ---- */
struct moment {
	int64_t day; /* since 2000-01-01, as written */
	int64_t us; /* of that day, as written */
	int64_t zone; /* seconds east of UTC */
	bool is_infinite;
};

static bool clock_text(struct qw_bytes *s, int64_t *us)
{
	unsigned h, m, sec, digits = 0, fraction = 0;
	const uint8_t *p = s->p;
	size_t i = 9;

	if (s->n < 9 || p[0] != ' ' || p[3] != ':' || p[6] != ':')
		return false;
	if (!mask_number_at(p + 1, 2, 0, 23, &h) || !mask_number_at(p + 4, 2, 0, 59, &m) ||
		!mask_number_at(p + 7, 2, 0, 59, &sec))
		return false;
	if (i < s->n && p[i] == '.') {
		for (i++; i < s->n && p[i] >= '0' && p[i] <= '9' && digits < 6; i++, digits++)
			fraction = fraction * 10 + (unsigned)(p[i] - '0');
		if (digits == 0)
			return false;
		for (; digits < 6; digits++)
			fraction *= 10;
	}
	*us = ((int64_t)h * 3600 + (int64_t)m * 60 + (int64_t)sec) * 1000000 + (int64_t)fraction;
	*s = qw_bytes(p + i, s->n - i);
	return true;
}

/* +HH, +HH:MM or +HH:MM:SS, and nothing behind it. */
static bool zone_text(struct qw_bytes s, int64_t *zone)
{
	unsigned part[3] = {0};

	if ((s.n != 3 && s.n != 6 && s.n != 9) || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	for (size_t i = 0; i < s.n / 3; i++) {
		if (i > 0 && s.p[3 * i] != ':')
			return false;
		if (!mask_number_at(s.p + 3 * i + 1, 2, 0, 59, &part[i]))
			return false;
	}
	*zone = (int64_t)part[0] * 3600 + (int64_t)part[1] * 60 + (int64_t)part[2];
	if (s.p[0] == '-')
		*zone = -*zone;
	return true;
}

static bool moment_text(enum mask_class class, struct qw_bytes s, struct moment *out)
{
	if (qw_bytes_equal(s, QW_LIT("infinity")) || qw_bytes_equal(s, QW_LIT("-infinity"))) {
		out->is_infinite = true;
		return true;
	}
	if (!mask_date_parse(s, &out->day))
		return false;
	s = qw_bytes(s.p + DATE_TEXT, s.n - DATE_TEXT);
	if (class != CLASS_DATE && !clock_text(&s, &out->us))
		return false;
	return class == CLASS_TIMESTAMPTZ ? zone_text(s, &out->zone) : s.n == 0;
}

static bool moment_binary(enum mask_class class, struct qw_bytes s, struct moment *out)
{
	int64_t v;

	if (s.n != (class == CLASS_DATE ? 4u : 8u))
		return false;
	if (class == CLASS_DATE) {
		out->day = (int32_t)mask_load(s.p, 4);
		out->is_infinite = out->day == INT32_MAX || out->day == INT32_MIN;
	} else {
		v = (int64_t)mask_load(s.p, 8);
		out->is_infinite = v == INT64_MAX || v == INT64_MIN;
		/* Not by v - day * day_us: below the first whole day that product does not fit. */
		out->us = v % day_us + (v % day_us < 0 ? day_us : 0);
		out->day = v / day_us - (v % day_us < 0);
	}
	return out->is_infinite || (out->day >= DAY_MIN && out->day <= DAY_MAX);
}

static bool moment_read(const struct mask_job *j, struct qw_bytes value, struct moment *out)
{
	*out = (struct moment){0};
	return j->column->format == FORMAT_TEXT ? moment_text(j->class, value, out)
						: moment_binary(j->class, value, out);
}

static int put_binary(const struct mask_job *j, int64_t day, int64_t us, struct qw_buf *out, bool *is_null)
{
	uint8_t p[8];

	if (day < DAY_MIN || day > DAY_MAX)
		return 0;
	if (j->class == CLASS_DATE) {
		mask_store(p, (uint64_t)day, 4);
		return mask_put(qw_bytes(p, 4), out, is_null);
	}
	mask_store(p, (uint64_t)(day * day_us + us), 8);
	return mask_put(qw_bytes(p, 8), out, is_null);
}

/* The day in UTC: the same for both formats. */
static int64_t utc_day(const struct moment *m)
{
	int64_t us = m->us - m->zone * 1000000;

	return m->day + (us < 0 ? -1 : us >= day_us ? 1 : 0);
}

int mask_truncate(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	char text[DATE_TEXT + sizeof(" 00:00:00+00")];
	size_t n = DATE_TEXT;
	unsigned y, m, d;
	struct moment t;

	if (!moment_read(j, value, &t))
		return 0;
	if (t.is_infinite)
		return mask_put(value, out, is_null);
	if (!day_split(utc_day(&t), &y, &m, &d))
		return 0;
	t.day = year_start(y);
	for (unsigned i = 1; j->column->spec->unit == MASK_UNIT_MONTH && i < m; i++)
		t.day += month_days(y, i);
	if (j->column->format == FORMAT_BINARY)
		return put_binary(j, t.day, 0, out, is_null);
	if (!mask_date_text(t.day, text))
		return 0;
	if (j->class != CLASS_DATE) {
		memcpy(text + n, " 00:00:00+00", 12);
		n += j->class == CLASS_TIMESTAMPTZ ? 12 : 9;
	}
	return mask_put(qw_bytes(text, n), out, is_null);
}

/* ---- shifting ---- */

/* One spelling for a subject, whatever format it came in: 7, not 00000007. False: no such spelling is known. */
static bool subject_text(const struct mask_subject *s, char text[DECIMAL_DIGITS_MAX], struct qw_bytes *out)
{
	struct mask_column column = {.type_oid = s->type_oid, .format = s->format};
	struct mask_job j = {.column = &column, .class = mask_type_class(s->type_oid)};
	struct mask_number n;

	if (s->format == FORMAT_TEXT || mask_class_is_text(j.class)) {
		*out = mask_unfilled(j.class, s->value);
		return true;
	}
	if (s->format != FORMAT_BINARY)
		return false;
	if (j.class == CLASS_UUID && s->value.n == 16) {
		mask_uuid_text(s->value.p, text);
		*out = qw_bytes(text, UUID_TEXT);
		return true;
	}
	if (j.class < CLASS_INT2 || j.class > CLASS_OID || !mask_number_read(&j, s->value, &n))
		return false;
	text[0] = '-';
	memcpy(text + 1, n.digits, n.count);
	*out = n.is_negative ? qw_bytes(text, n.count + 1) : qw_bytes(text + 1, n.count);
	return true;
}

/* -days to days, never 0: a mask that may leave a value as it is, is none. */
static int offset_of(const struct mask_job *j, const struct moment *t, int64_t *out, bool *is_known)
{
	int64_t days = j->column->spec->days, r;
	char text[DECIMAL_DIGITS_MAX];
	uint8_t digest[QW_DIGEST_BYTES], day[8];
	struct qw_bytes who = {day, sizeof(day)};
	int err;

	*is_known = days > 0;
	if (j->column->spec->subject)
		*is_known = *is_known && j->subject && subject_text(j->subject, text, &who);
	else
		mask_store(day, (uint64_t)utc_day(t), sizeof(day));
	if (!*is_known)
		return 0;
	err = mask_digest_for(j->key, j->column->spec->subject ? "subject" : "day", j->column->domain, who, digest);
	if (err)
		return err;
	r = (int64_t)(mask_load(digest, 8) % (uint64_t)(2 * days));
	*out = r < days ? r - days : r - days + 1;
	return 0;
}

int mask_date_shift(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	char text[DATE_TEXT];
	int64_t offset = 0;
	bool is_known;
	struct moment t;
	int err;

	if (!moment_read(j, value, &t))
		return 0;
	if (t.is_infinite)
		return mask_put(value, out, is_null);
	err = offset_of(j, &t, &offset, &is_known);
	if (err || !is_known)
		return err;
	if (j->column->format == FORMAT_BINARY)
		return put_binary(j, t.day + offset, t.us, out, is_null);
	if (!mask_date_text(t.day + offset, text))
		return 0;
	err = qw_buf_reserve(out, value.n);
	if (err)
		return err;
	err = mask_put(qw_bytes(text, sizeof(text)), out, is_null);
	return err ? err : qw_buf_append(out, value.p + DATE_TEXT, value.n - DATE_TEXT);
}
