// The native program. It runs no user code itself: commands that need it are handed to the
// project's Python.
#include <treadle/cli/cli.h>

int main(int argc, char** argv) {
  return treadle::cli::main(argc, argv, treadle::cli::Program{});
}
