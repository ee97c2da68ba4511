/* Runs every seed of a folder through a fuzz entry point, each in a block of exactly its size. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_MAX = 1 << 20 };

static int replay(const char *folder, const char *name)
{
	static uint8_t seed[SEED_MAX];
	char path[4096];
	uint8_t *exact;
	size_t n;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -1;
	f = fopen(path, "rb");
	if (!f)
		return -1;
	n = fread(seed, 1, sizeof(seed), f);
	(void)fclose(f);
	exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */
	if (!exact)
		return -1;
	for (size_t i = 0; i < n; i++)
		exact[i] = seed[i];
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int seeds = 0;

	if (!folder) {
		(void)fprintf(stderr, "usage: replay FOLDER\n");
		return 2;
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(argv[1], entry->d_name)) {
			(void)fprintf(stderr, "cannot replay %s\n", entry->d_name);
			return 1;
		}
		seeds++;
	}
	(void)closedir(folder);
	(void)printf("%d seeds\n", seeds);
	return seeds ? 0 : 1;
}
