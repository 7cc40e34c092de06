// Unseals SealedSecrets with the code of their controller: {"object", "key"} a line, a Secret or an error a line.
package main

import (
	"bufio"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"

	"github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"k8s.io/client-go/kubernetes/scheme"
)

type question struct {
	Object v1alpha1.SealedSecret `json:"object"`
	Key    string                `json:"key"` // PKCS 8 in PEM
}

type answer struct {
	Name      string            `json:"name,omitempty"`
	Namespace string            `json:"namespace,omitempty"`
	Type      string            `json:"type,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Data      map[string][]byte `json:"data,omitempty"`
	Error     string            `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(unseal(lines.Bytes())); err != nil {
			panic(err)
		}
	}
}

func unseal(line []byte) answer {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	key, err := private(asked.Key)
	if err != nil {
		return answer{Error: err.Error()}
	}
	secret, err := asked.Object.Unseal(scheme.Codecs, map[string]*rsa.PrivateKey{"": key})
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{
		Name: secret.Name, Namespace: secret.Namespace, Type: string(secret.Type), Labels: secret.Labels, Data: secret.Data,
	}
}

func private(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not RSA")
	}
	return key, nil
}
