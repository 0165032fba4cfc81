// Kernels in a Go program:
//
//	tritonc ../kernels.toml --emit c -o kernels
//	CGO_LDFLAGS="where/libtritonc_rt.a/is/libtritonc_rt.a -lm -lpthread" go build
package main

// #include "kernels.h"
import "C"

import (
	"fmt"
	"math"
	"os"
)

func check(status C.int) {
	if status != 0 {
		fmt.Fprintln(os.Stderr, C.GoString(C.kernels_message()))
		os.Exit(1)
	}
}

func main() {
	const m, n, k = 100, 200, 50
	a, b := make([]C.float, m*k), make([]C.float, k*n)
	c, p := make([]C.float, m*n), make([]C.float, m*n)
	for i := range a {
		a[i] = C.float(i%7-3) / 8
	}
	for i := range b {
		b[i] = C.float(i%5-2) / 8
	}
	check(C.matmul(&a[0], &b[0], &c[0], m, n, k))
	check(C.softmax(&p[0], &c[0], m, n))
	wrong := 0
	for i := 0; i < m; i++ {
		sum, product := 0.0, 0.0
		for j := 0; j < n; j++ {
			sum += float64(p[i*n+j])
		}
		for x := 0; x < k; x++ {
			product += float64(a[i*k+x]) * float64(b[x*n+n-1])
		}
		if math.Abs(sum-1) > 1e-5 || math.Abs(product-float64(c[i*n+n-1])) > 1e-5 {
			wrong++
		}
	}
	fmt.Printf("%d rows, %d wrong\n", m, wrong)
	if wrong != 0 {
		os.Exit(1)
	}
}
