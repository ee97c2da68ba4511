#include "files.h"

#include <dirent.h>
#include <stdio.h>

const char *files_root;

static struct qw_bytes read_path(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = malloc(1 << 20);
	size_t n;

	QW_ASSERT(f && p);
	n = fread(p, 1, 1 << 20, f);
	QW_ASSERT(n > 0 && n < 1 << 20);
	(void)fclose(f);
	return qw_bytes(p, n);
}

struct qw_bytes files_read(unsigned major, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%u/%s", files_root, major, name);
	return read_path(path);
}

static size_t each_of(unsigned major, void (*on_tree)(const struct files_tree *t))
{
	const struct dirent *entry;
	char path[512];
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%u", files_root, major);
	dir = opendir(path);
	QW_ASSERT(dir != NULL);
	while ((entry = readdir(dir))) {
		struct files_tree t = {.major = major, .name = entry->d_name};

		if (entry->d_name[0] == '.')
			continue;
		t.text = files_read(major, entry->d_name);
		on_tree(&t);
		free((void *)t.text.p);
		n++;
	}
	(void)closedir(dir);
	return n;
}

size_t files_each(void (*on_tree)(const struct files_tree *t))
{
	size_t n = 0;

	for (unsigned major = 13; major <= 18; major++)
		n += each_of(major, on_tree);
	return n;
}
