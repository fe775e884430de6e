#include <treadle/treadle.hpp>

#include <gtest/gtest.h>
