// What the libstdc++ of Debian asks of glibc and musl has not, so that the musl program can be run on Debian.
#define _GNU_SOURCE
#include <link.h>
#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;

size_t __strftime_l(char *to, size_t most, const char *format, const struct tm *time, locale_t locale) {
  return strftime_l(to, most, format, time, locale);
}

uint32_t arc4random(void) {
  uint32_t drawn = 0;
  getrandom(&drawn, sizeof drawn, 0);
  return drawn;
}

struct found {
  unsigned long long flags;
  void *start, *end;
  struct link_map *map;
  void *frames;
  unsigned long long reserved[7];
};

struct search {
  uintptr_t at;
  struct found *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *given) {
  struct search *search = given;
  uintptr_t start = 0, end = 0, frames = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t from = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_LOAD && search->at >= from && search->at < from + part->p_memsz) {
      start = from;
      end = from + part->p_memsz;
    }
    if (part->p_type == PT_GNU_EH_FRAME) frames = from;
  }
  if (end == 0 || frames == 0) return 0;
  memset(search->found, 0, sizeof *search->found);
  search->found->start = (void *)start;
  search->found->end = (void *)end;
  search->found->frames = (void *)frames;
  return 1;
}

int _dl_find_object(void *at, struct found *found) {
  struct search search = {(uintptr_t)at, found};
  return dl_iterate_phdr(look, &search) ? 0 : -1;
}

// Destructors of threads are not run: the program ends with its last thread.
int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *library) {
  (void)run, (void)object, (void)library;
  return 0;
}

// libgcc has these for old programs only, under a version that musl does not look at.
unsigned int __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }
