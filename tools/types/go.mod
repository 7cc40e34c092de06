module kgen/tools/types

go 1.26.0
