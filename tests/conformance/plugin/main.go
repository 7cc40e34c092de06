// Argo CD's own plugin server and the repo-server's side of it, in one process: JSON lines in, JSON lines out.
//
// Each question names an application: its repository's folder, its path there, and the plugin's name if its source
// gives one. What happens then is what happens in a cluster: the plugin is detected over a socket, the repository goes
// through it as an archive, file modes are lost, and the command of plugin.yaml runs in the copy.
// {"op": "match"} asks whether the plugin takes the application, "generate" for its manifests, "parameters" for what is
// announced. The folders of the socket and of the copies are ARGOCD_PLUGINSOCKFILEPATH and ARGOCD_CMP_WORKDIR.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	pluginclient "github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/cmpserver/plugin"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	repoclient "github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/app/discovery"
	"github.com/argoproj/argo-cd/v3/util/cmp"
	log "github.com/sirupsen/logrus"
	"google.golang.org/grpc"
)

// Question is one line of the input.
type Question struct {
	Op         string                                     `json:"op"`
	Repo       string                                     `json:"repo"`
	Path       string                                     `json:"path"`
	Plugin     string                                     `json:"plugin"`
	Parameters v1alpha1.ApplicationSourcePluginParameters `json:"parameters"`
	Env        []string                                   `json:"env"`
	Seconds    float64                                    `json:"seconds"`
}

// Answer is one line of the output.
type Answer struct {
	Matched   bool                                `json:"matched"`
	Manifests []string                            `json:"manifests,omitempty"`
	Announced []*repoclient.ParameterAnnouncement `json:"announced,omitempty"`
	Error     string                              `json:"error,omitempty"`
	Seconds   float64                             `json:"seconds"`
}

// serve starts the plugin's server, as argocd-cmp-server does.
func serve(folder string) error {
	config, err := plugin.ReadPluginConfig(folder)
	if err != nil {
		return err
	}
	service := plugin.NewService(plugin.CMPServerInitConstants{PluginConfig: *config})
	if err := service.Init(common.GetCMPWorkDir()); err != nil {
		return err
	}
	listener, err := net.Listen("unix", config.Address())
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	pluginclient.RegisterConfigManagementPluginServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	return nil
}

func ask(question Question) (answer Answer) {
	start := time.Now()
	defer func() { answer.Seconds = time.Since(start).Seconds() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(question.Seconds*float64(time.Second)))
	defer cancel()
	env := question.Env
	if question.Parameters != nil || question.Plugin != "" {
		parameters, err := question.Parameters.Environ()
		if err != nil {
			return Answer{Error: err.Error()}
		}
		env = append(env, parameters...)
	}
	path := filepath.Join(question.Repo, question.Path)
	conn, client, err := discovery.DetectConfigManagementPlugin(ctx, path, question.Repo, question.Plugin, env, nil)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	defer func() { _ = conn.Close() }()
	answer.Matched = true
	switch question.Op {
	case "generate":
		err = generate(ctx, client, path, question.Repo, env, &answer)
	case "parameters":
		err = announce(ctx, client, path, question.Repo, env, &answer)
	}
	if err != nil {
		answer.Error = err.Error()
	}
	return answer
}

func generate(ctx context.Context, client pluginclient.ConfigManagementPluginServiceClient, path, repo string, env []string, answer *Answer) error {
	stream, err := client.GenerateManifest(ctx)
	if err != nil {
		return err
	}
	if err := cmp.SendRepoStream(ctx, path, repo, stream, env, nil); err != nil {
		return err
	}
	response, err := stream.CloseAndRecv()
	answer.Manifests = response.GetManifests()
	return err
}

func announce(ctx context.Context, client pluginclient.ConfigManagementPluginServiceClient, path, repo string, env []string, answer *Answer) error {
	stream, err := client.GetParametersAnnouncement(ctx)
	if err != nil {
		return err
	}
	if err := cmp.SendRepoStream(ctx, path, repo, stream, env, nil); err != nil {
		return err
	}
	response, err := stream.CloseAndRecv()
	answer.Announced = response.GetParameterAnnouncements()
	return err
}

func main() {
	log.SetOutput(io.Discard)
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var question Question
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = out.Encode(ask(question))
	}
}
