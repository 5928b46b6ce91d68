import type { Finished } from '../programs/finished.ts'
import type { CallOptions } from './command.ts'

/**
 * Who a container's root is on the host: root, the user who runs the engine (`rootless`), or an unprivileged user, because of the daemon's
 * userns-remap setting (`remapped`).
 */
export type Privileges = 'root' | 'rootless' | 'remapped'

/** A program that stores images and runs containers. References and IDs are in its own notation. */
export interface Engine {
  readonly name: 'docker' | 'podman'
  /** The program in PATH. `docker` may actually be Podman, or be connected to it. */
  readonly command: string
  /** Version of the part that does the work: of Docker's daemon, not of its client. */
  readonly version: string
  /** The image store: `containerd`, or the name of a graph driver such as `overlay2`, `overlay`, `vfs`. */
  readonly store: string
  readonly privileges: Privileges
  /** Whether its command has `--userns keep-id`, with which the user of a rootless engine keeps their own id in a container. */
  readonly keepsIds: boolean
  /** Whether it can load layers that are compressed with zstd. */
  readonly loadsZstd: boolean
  /** Whether uncompressed layers, which take longer to write, get into its store sooner than compressed ones. */
  readonly prefersPlain: boolean
  /** Takes a layer while it is made; absent if that wouldn't be faster than loading an archive. */
  readonly layers?: LayerStore
  /**
   * Loads an archive that has both `manifest.json` and an OCI layout. A load is never interrupted, because an interrupted load can leave
   * Docker's daemon unusable (moby#51623).
   * @throws EngineError with the engine's last line of output
   */
  load(archive: string, onProgress?: OnLoadProgress): Promise<void>
  /** The image with this name or ID, if there is one. */
  find(reference: string): Promise<Image | undefined>
  /** IDs of the images with this label, newest first, also of those that have no name. */
  labelled(label: string, value: string): Promise<readonly string[]>
  /**
   * The engine's ID for an image, which `run` accepts.
   * @throws EngineError if there is no such image
   */
  imageId(reference: string): Promise<string>
  /** Gives the image another name, and takes that name from any other image. */
  tag(image: string, reference: string): Promise<void>
  /** Removes the image with all its names. */
  remove(image: string): Promise<void>
  /** Any other short call; see `EngineCommand`. */
  call(args: readonly string[], options?: CallOptions): Promise<Finished>
  /**
   * Starts a container, and waits for its end or the end of the job.
   * @param deadline in seconds
   * @throws the reason of the job's end; the container may still be running then
   */
  follow(container: string, deadline: number): Promise<Finished>
  /**
   * Creates a container from the image. A store may accept an archive and find out only later that it can't unpack a layer.
   * @param say is told if the container couldn't be removed, which is no defect of the image
   * @throws BrokenImageError if no container can be created from it; EngineError if the engine doesn't answer
   */
  prove(image: Image, say?: (sentence: string) => void): Promise<Proof>
}

/** A container has been created from an image, so the image is sound. */
export interface Proof {
  /** Resolves when the container has been removed, or couldn't be. This process doesn't end before that. */
  readonly cleared: Promise<void>
}

/**
 * A way into a store that takes a layer while it is made. Docker's graph drivers have it: `docker load` copies all layers of an archive to
 * a temporary folder before it unpacks any, but `docker import` unpacks its input as it arrives. It makes a nameless image of the layer; an
 * archive that is loaded later needn't contain a layer that the store has.
 */
export interface LayerStore {
  /** Starts to import the lowest layer of an image. The nameless image gets a label with the value `mark`. */
  import(mark: string): LayerImport
  /** Removes the nameless images of all imports with this mark. Their layers stay if another image has them. */
  removeImports(mark: string): Promise<void>
}

export interface LayerImport {
  /**
   * Takes the next piece of the uncompressed tar. Resolves when its memory can be reused.
   * @throws EngineError if the engine has stopped to read
   */
  write(piece: Uint8Array): Promise<void>
  /**
   * Resolves when the engine has the layer.
   * @returns `sha256:` and the digest of the uncompressed tar, as computed by the engine
   * @throws EngineError if it hasn't
   */
  finish(): Promise<string>
  /** Gives up an unfinished import. The engine keeps nothing of it, unless it was just done: see `removeImports`. */
  abort(): Promise<void>
}

export interface Image {
  /** `sha256:` and the digest of its config or, in Docker's containerd store, of its manifest. */
  readonly id: string
  /** `name:tag`, as the engine writes it. */
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** For example `linux/386`. */
  readonly platform: string
  /** How many layers its filesystem has. */
  readonly layers: number
  /** Bytes that it takes in the store; absent if the engine doesn't say. */
  readonly size?: number | undefined
  /** Comes before every command of `run`, but not of `exec`. */
  readonly entrypoint: readonly string[]
}

/** Called from time to time while an archive is loaded. */
export type OnLoadProgress = (progress: LoadProgress) => void

export interface LoadProgress {
  /** Bytes that the engine has read; absent if that can't be observed. Once it has read everything, it is still unpacking. */
  readonly given?: number
  /** Size of the archive in bytes. */
  readonly size: number
  /** Since the load began. */
  readonly milliseconds: number
}
