//go:build aws

package main

import _ "github.com/project3-ls/terraform-provider-reliability/internal/awsapi" // whose tables are filled at every start, used or not
