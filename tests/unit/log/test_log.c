#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qw/log.h"

static int real_stderr = -1;
static FILE *sink;

/* Standard error goes to a file from here to captured(). */
static void capture(void)
{
	sink = tmpfile();
	assert_non_null(sink);
	real_stderr = dup(STDERR_FILENO);
	assert_true(real_stderr >= 0);
	assert_true(dup2(fileno(sink), STDERR_FILENO) >= 0);
}

static char *captured(void)
{
	static char text[1 << 20];
	ssize_t n;

	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	(void)close(real_stderr);
	n = pread(fileno(sink), text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	(void)fclose(sink);
	return text;
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("%s: %s", error.text, text);
	return root;
}

static void assert_field(json_t *root, const char *name, const char *value)
{
	assert_non_null(json_object_get(root, name));
	assert_string_equal(json_string_value(json_object_get(root, name)), value);
}

static void test_line_is_one_object(void **state)
{
	json_t *root;
	char *text;

	(void)state;
	capture();
	qw_log(QW_LOG_INFO, "session.open", "session", "s1", "client", NULL, "role", "agent", NULL);
	text = captured();
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	root = parse(text);
	assert_int_equal(json_object_size(root), 5);
	assert_field(root, "level", "info");
	assert_field(root, "event", "session.open");
	assert_field(root, "session", "s1");
	assert_field(root, "role", "agent");
	assert_int_equal(strlen(json_string_value(json_object_get(root, "time"))), 24);
	json_decref(root);
}

static void test_hostile_values_are_escaped(void **state)
{
	json_t *root;

	(void)state;
	capture();
	qw_log(QW_LOG_WARN, "x", "a", "\"},\n{\"level\":\"error\\", "b", "\x01\x1b[31m\x7f", "c",
		"\xff\xc3(\xc3\xa9\xed\xa0\x80", "d", "\xe2\x82", NULL);
	root = parse(captured());
	assert_field(root, "level", "warn");
	assert_field(root, "a", "\"},\n{\"level\":\"error\\");
	assert_field(root, "b", "\x01\x1b[31m\x7f");
	assert_field(
		root, "c", "\xef\xbf\xbd\xef\xbf\xbd(\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_field(root, "d", "\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(root);
}

static void test_long_values_are_cut(void **state)
{
	static char big[5000];
	const char *got;
	json_t *root;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	memcpy(big + 1023, "\xc3\xa9", 2); /* on the edge */
	capture();
	qw_log(QW_LOG_INFO, "x", "v", big, NULL);
	root = parse(captured());
	got = json_string_value(json_object_get(root, "v"));
	assert_int_equal(strlen(got), 1026);
	assert_string_equal(got + 1023, "...");
	json_decref(root);
}

static void test_full_line_stays_an_object(void **state)
{
	static char big[1100];
	char a[] = "a", b[] = "b", c[] = "c", d[] = "d", e[] = "e";
	json_t *root;

	(void)state;
	memset(big, 0x01, sizeof(big) - 1); /* each byte becomes six */
	capture();
	qw_log(QW_LOG_INFO, "x", a, big, b, big, c, big, d, "small", e, "lost", NULL);
	root = parse(captured());
	assert_non_null(json_object_get(root, "b"));
	assert_null(json_object_get(root, "c"));
	assert_null(json_object_get(root, "d"));
	assert_field(root, "log_truncated", "true");
	json_decref(root);
}

static void test_levels(void **state)
{
	enum qw_log_level level = QW_LOG_ERROR;

	(void)state;
	assert_int_equal(qw_log_level_parse("debug", &level), 0);
	assert_int_equal(level, QW_LOG_DEBUG);
	assert_int_equal(qw_log_level_parse("loud", &level), QW_E_NOTFOUND);
	assert_int_equal(qw_log_level_parse(NULL, &level), QW_E_NOTFOUND);
	assert_int_equal(level, QW_LOG_DEBUG);
	capture();
	qw_log(QW_LOG_DEBUG, "hidden", NULL);
	qw_log_level_set(QW_LOG_ERROR);
	qw_log(QW_LOG_WARN, "hidden", NULL);
	qw_log_level_set(QW_LOG_INFO);
	assert_string_equal(captured(), "");
}

static void *log_many(void *arg)
{
	for (int i = 0; i < 100; i++)
		qw_log(QW_LOG_INFO, "thread", "who", arg, NULL);
	return NULL;
}

static void test_lines_of_threads_stay_whole(void **state)
{
	static char who[4][200];
	pthread_t threads[4];
	char *text, *rest = NULL;
	int count = 0;

	(void)state;
	capture();
	for (int i = 0; i < 4; i++) {
		memset(who[i], 'a' + i, sizeof(who[i]) - 1);
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, who[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	text = captured();
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_decref(parse(line));
		count++;
	}
	assert_int_equal(count, 400);
}

/* Nobody reads and the pipe is full: the log gives up, and the next line that fits starts on a line
 * of its own. */
static void test_blocked_reader(void **state)
{
	static char drain[1 << 20];
	char *last;
	ssize_t n;
	int fds[2], i = 0;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	memset(drain, 'x', 1000);
	real_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	while (write(fds[1], drain, 1000) > 0)
		i++;
	assert_true(i > 0);
	assert_true(read(fds[0], drain, 4096) > 0); /* room for a part of a line */
	memset(drain, 'y', 1023);
	drain[1023] = '\0';
	for (i = 0; i < 3; i++)
		qw_log(QW_LOG_INFO, "torn", "a", drain, "b", drain, "c", drain, "d", drain, "e",
			drain, NULL);
	n = read(fds[0], drain, sizeof(drain));
	assert_true(n > 0);
	qw_log(QW_LOG_INFO, "whole", NULL);
	n = read(fds[0], drain, sizeof(drain) - 1);
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	(void)close(real_stderr);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_true(n > 0);
	drain[n] = '\0';
	last = drain[0] == '\n' ? drain + 1 : drain;
	json_decref(parse(last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_is_one_object),
		cmocka_unit_test(test_hostile_values_are_escaped),
		cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_full_line_stays_an_object),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_lines_of_threads_stay_whole),
		cmocka_unit_test(test_blocked_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
