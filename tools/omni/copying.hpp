#pragma once

#include "command.hpp"

namespace omni {

int cat(const Arguments& arguments);

}  // namespace omni
