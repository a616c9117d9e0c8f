#include "isolation/child_process.hpp"
#include "isolation/component_process.hpp"

#include <string_view>

#include <gtest/gtest.h>

int main(int count, char** words) {
  if (count > 1 && std::string_view(words[1]) == "isolated-component") {
    return omnibroker::core::run_component_process(omnibroker::core::ChildProcess::kSocket);
  }
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
