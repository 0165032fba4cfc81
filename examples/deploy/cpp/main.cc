// Kernels in a C++ program, built by CMake.
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "kernels.h"

static void check(int status) {
  if (status != 0) throw std::runtime_error(kernels_message());
}

int main() try {
  const int m = 100, n = 200, k = 50;
  std::vector<float> a(m * k), b(k * n), c(m * n), p(m * n);
  for (int i = 0; i < m * k; i++) a[i] = static_cast<float>(i % 7 - 3) / 8;
  for (int i = 0; i < k * n; i++) b[i] = static_cast<float>(i % 5 - 2) / 8;
  check(matmul(a.data(), b.data(), c.data(), m, n, k));
  check(softmax(p.data(), c.data(), m, n));
  int wrong = 0;
  for (int i = 0; i < m; i++) {
    double sum = 0, products = 0;
    for (int j = 0; j < n; j++) sum += p[i * n + j];
    for (int x = 0; x < k; x++) products += static_cast<double>(a[i * k + x]) * b[x * n + n - 1];
    wrong += std::fabs(sum - 1) > 1e-5 || std::fabs(products - c[i * n + n - 1]) > 1e-5;
  }
  std::printf("%d rows, %d wrong\n", m, wrong);
  return wrong != 0;
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
