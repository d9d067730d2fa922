// Package ssm is Parameter Store, the part of AWS Systems Manager that stack
// sets' owners keep configuration in.
//
// Parameters live in one account and region; a reader elsewhere sees nothing. The
// 100 latest versions of each are kept, as AWS keeps them. A SecureString is held
// in the clear, for there is nobody to hide it from, but is answered as a
// ciphertext unless decryption is asked for: code that forgets to ask must fail
// here as it would on AWS.
package ssm
