/*
 * Settings as the server's command line: "-c name=value". The server splits it at white space and takes the character after
 * a backslash as it is (pg_split_opts); a later setting wins over an earlier one.
 */
#include "internal.h"

static bool is_setting_name(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.";
	size_t n = s ? strlen(s) : 0;

	return n > 0 && n < 128 && strchr(first, s[0]) && strspn(s, rest) == n;
}

static int append_value(struct qw_buf *out, const char *value)
{
	int err = 0;

	for (; !err && *value; value++) {
		if (strchr(" \t\n\v\f\r\\", *value))
			err = qw_buf_append(out, "\\", 1);
		if (!err)
			err = qw_buf_append(out, value, 1);
	}
	return err;
}

static int append_setting(struct qw_buf *out, const struct upstream_parameter *s)
{
	int err;

	if (!is_setting_name(s->name) || !s->value || !qw_utf8_valid(qw_bytes_from(s->value)))
		return QW_E_MALFORMED;
	err = qw_buf_printf(out, "-c %s=", s->name);
	if (!err)
		err = append_value(out, s->value);
	return err ? err : qw_buf_append(out, " ", 1);
}

int upstream_options(const struct upstream_parameter *settings, size_t count, const char *extra, struct qw_buf *out)
{
	static const char ours[] = "-c client_encoding=UTF8 -c standard_conforming_strings=on";
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = append_setting(out, &settings[i]);
	if (!err && extra)
		err = qw_buf_printf(out, "%s ", extra);
	return err ? err : qw_buf_append(out, ours, sizeof(ours));
}
